// Starts the checks of a shared page. The page may have been changed in transit: if it lacks
// something that the checks need, it says so instead of showing this site's results.
import { showUnchecked } from "./unchecked.js";

try {
  await import("./checks.js");
} catch {
  showUnchecked();
}
