// Holds pages of a running server against tools that others wrote: pa11y, html-validate
// and Lighthouse on a phone. Reads {at, pages: [{name, path, token, phone, html}]} from
// standard input; of a page with html, html-validate alone looks at that. Prints what each
// finds and the figures, and fails where anything is wrong.
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { launch } from "chrome-launcher";
import { HtmlValidate } from "html-validate";
import lighthouse from "lighthouse";
import pa11y from "pa11y";
import puppeteer from "puppeteer";

const { at, pages } = JSON.parse(await text(process.stdin));
const LEAST = { accessibility: 100, performance: 95 };
const flags = ["--headless=new", "--no-sandbox", "--disable-background-networking", "--disable-component-update"];
let wrong = 0;
const fault = (page, tool, say) => {
  wrong++;
  console.log(`${page.name}: ${tool}: ${say}`);
};
const headersOf = (page) => (page.token ? { Authorization: `Bearer ${page.token}` } : {});

const html = new HtmlValidate({
  extends: ["html-validate:recommended"],
  rules: {
    // Boxes of one question post their values under one name, as HTML means them to.
    "form-dup-name": ["error", { shared: ["radio", "checkbox", "button", "submit", "reset"] }],
    // On a phone the design system shows a table's rows as blocks: browsers then forget
    // that it was a table, and the roles keep that it is one.
    "no-redundant-role": "off",
    // A title begins with what somebody else named, a practice or a proposal, and is as long as that.
    "long-title": "off",
    // HTML's own rule: an anchor may be an organisation's code, which can begin with a digit.
    "valid-id": ["error", { relaxed: true }],
  },
});

async function source(page) {
  const answer = await fetch(at + page.path, { headers: headersOf(page) });
  if (answer.status >= 500) fault(page, "the server", `answers ${answer.status}`);
  return answer.text();
}

async function validate(page) {
  const shown = page.html ?? (await source(page));
  // A list that nobody changes is sent by hidden fields of one name, as HTML means it to be;
  // the rule can't be told of those.
  const isHidden = (m) => m.ruleId === "form-dup-name" && shown.slice(shown.lastIndexOf("<", m.offset), m.offset).includes('type="hidden"');
  const report = await html.validateString(shown);
  for (const result of report.results) {
    for (const m of result.messages.filter((m) => !isHidden(m))) fault(page, "html-validate", `${m.ruleId}: ${m.message} (line ${m.line}: ${m.selector})`);
  }
}

// What is wrong in BAD has to be found: a tool that finds nothing there finds nothing anywhere.
const BAD = "<!DOCTYPE html><html><head><title>Bad</title></head><body><main><h1>Bad</h1><img src=x><button></button></main></body></html>";
async function seesWhatIsWrong(tool, found) {
  if (!(await found())) fault({ name: "a bad page" }, tool, "finds nothing wrong with it");
}

const wcag = { standard: "WCAG2AA", timeout: 60000 };

async function ally(page, browser) {
  const { issues, documentTitle } = await pa11y(at + page.path, { ...wcag, headers: headersOf(page), browser });
  if (!documentTitle.includes("Golden Thread")) fault(page, "pa11y", `was shown another page: ${documentTitle}`);
  for (const i of issues) fault(page, "pa11y", `${i.code}: ${i.message} (${i.selector})`);
}

async function light(page, port) {
  const { lhr } = await lighthouse(at + page.path, { port, onlyCategories: ["accessibility", "performance"], extraHeaders: headersOf(page), logLevel: "error" });
  if (lhr.runtimeError) return fault(page, "Lighthouse", lhr.runtimeError.message);
  const scores = Object.fromEntries(Object.keys(LEAST).map((c) => [c, Math.round(lhr.categories[c].score * 100)]));
  const bytes = lhr.audits["total-byte-weight"].numericValue;
  console.log(`${page.name}: Lighthouse on a phone: accessibility ${scores.accessibility}, performance ${scores.performance}, ${Math.round(bytes / 1024)} KB`);
  for (const [category, least] of Object.entries(LEAST)) {
    if (scores[category] < least) {
      const why = lhr.categories[category].auditRefs.map((r) => lhr.audits[r.id]).filter((a) => a.score !== null && a.score < 0.9).map((a) => a.id);
      fault(page, "Lighthouse", `${category} ${scores[category]}: ${why.join(", ")}`);
    }
  }
}

// ONLY narrows it to one tool: html-validate, pa11y or lighthouse.
const runs = (tool) => !process.env.ONLY || process.env.ONLY === tool;
if (runs("html-validate")) {
  await seesWhatIsWrong("html-validate", async () => !(await html.validateString(BAD)).valid);
  for (const page of pages) await validate(page);
}
if (runs("pa11y")) {
  const browser = await puppeteer.launch({ executablePath: process.env.CHROME_PATH, args: flags });
  const bad = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end(BAD)).listen(0, "127.0.0.1");
  await once(bad, "listening");
  await seesWhatIsWrong("pa11y", async () => (await pa11y(`http://127.0.0.1:${bad.address().port}/`, { ...wcag, browser })).issues.length);
  bad.close();
  for (const page of pages) if (!page.html) await ally(page, browser);
  await browser.close();
}
const phones = runs("lighthouse") ? pages.filter((p) => p.phone) : [];
if (phones.length) {
  const chrome = await launch({ chromePath: process.env.CHROME_PATH, chromeFlags: flags });
  for (const page of phones) await light(page, chrome.port);
  chrome.kill();
}
console.log(`${pages.length} pages, ${phones.length} of them on a phone: ${wrong} faults`);
process.exit(wrong ? 1 : 0);
