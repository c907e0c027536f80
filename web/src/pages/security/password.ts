/** The server's rule for new passwords, said before they are sent. */
export const SHORTEST = 12;
