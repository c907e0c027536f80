/** Who left the guide is not led there again by itself. */

const STORED = "headgate-guide-left";

export const guideWasLeft = (): boolean => localStorage.getItem(STORED) !== null;

export function leaveGuide(): void {
  localStorage.setItem(STORED, "1");
}
