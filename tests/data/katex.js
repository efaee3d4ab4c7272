// Parse every formula with KaTeX: a JSON list of texts on standard input, a JSON list of [number, problem] on standard output.
// node katex.js FOLDER, where FOLDER holds the npm package katex.
"use strict";
const katex = require(require("path").join(process.argv[2], "katex"));
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const problems = [];
texts.forEach((text, i) => {
  try {
    katex.renderToString(text, { displayMode: true, throwOnError: true, strict: "ignore", trust: false });
  } catch (problem) {
    problems.push([i, String(problem.message)]);
  }
});
process.stdout.write(JSON.stringify(problems));
