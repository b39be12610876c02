// node run.mjs MODULE: runs the checks, prints the report, exits with the number of failures.
import fs from "node:fs";

const { instance } = await WebAssembly.instantiate(fs.readFileSync(process.argv[2]), {});
const { run, text, text_len, memory } = instance.exports;
const failures = run();
process.stdout.write(new TextDecoder().decode(new Uint8Array(memory.buffer, text(), text_len())));
process.exit(Math.min(failures, 124));
