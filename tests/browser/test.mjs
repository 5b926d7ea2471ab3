// Drives the page in Chromium against a running Fareway.
//
//   npm ci
//   node test.mjs --base http://127.0.0.1:8080 --operator ../../.fareway/operator.token --out shots
//
// Prints one line a check and "N passed, N failed"; leaves screenshots in --out. `--chromium FILE`
// names another browser, `--only NAME` runs one of journey, languages, phone, prices, faults, console.
// `--fleet URL --fleet-operator FILE --fleet-settings FILE --fareway FILE` names another Fareway, with cells, the
// settings file it was started with, and the binary that speaks to it, for the console.

import { parseArgs } from "node:util";
import { consolePage } from "./console.mjs";
import { faults } from "./faults.mjs";
import { start } from "./harness.mjs";
import { journey } from "./journey.mjs";
import { languages } from "./languages.mjs";
import { phone } from "./phone.mjs";
import { prices } from "./prices.mjs";

const { values } = parseArgs({
  options: {
    base: { type: "string", default: "http://127.0.0.1:8080" },
    out: { type: "string", default: "shots" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    only: { type: "string" },
    operator: { type: "string", default: "../../.fareway/operator.token" },
    fleet: { type: "string" },
    "fleet-operator": { type: "string" },
    "fleet-settings": { type: "string" },
    fareway: { type: "string" },
  },
});

const parts = { journey, languages, phone, prices, faults, console: consolePage };
const site = (base, operator) => base && operator && { base: base.replace(/\/$/, ""), operator };
const test = await start({ base: values.base.replace(/\/$/, ""), out: values.out, executable: values.chromium });
test.alone = site(values.base, values.operator);
test.fleet = site(values.fleet, values["fleet-operator"]);
if (test.fleet) Object.assign(test.fleet, { settings: values["fleet-settings"], binary: values.fareway });
for (const [name, part] of Object.entries(parts)) {
  if (!values.only || values.only === name) await part(test);
}
process.exitCode = (await test.finish()) ? 0 : 1;
