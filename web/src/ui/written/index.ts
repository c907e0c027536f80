export { Line, Written } from "./written";
