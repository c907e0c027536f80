import { useId } from "react";

/** The sign of Headgate: a gate with one way through. */
export function Mark({ size = 20 }: { size?: number }) {
  const id = useId();
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" stroke="currentColor" strokeWidth={3.2} strokeLinecap="round" aria-labelledby={id} role="img">
      <title id={id}>Headgate</title>
      <path d="M7 5v22M25 5v22M7 12h18" />
      <path d="M13 20h12" opacity={0.45} />
    </svg>
  );
}
