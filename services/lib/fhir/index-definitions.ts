/** Run where the image is built: the specification's large files get their indexes, so that no service reads them whole at its start. */
import { writeIndex } from "./definition-file.ts";
import { largeFiles } from "./definitions.ts";

if (import.meta.main) {
  for (const path of largeFiles()) writeIndex(path);
}
