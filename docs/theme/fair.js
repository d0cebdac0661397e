// Colours for `fair` in the pages: a language for highlight.js, which mdBook brings. A test holds its words against the grammar.
(() => {
  const words = {
    keyword: "column label weight predict param let event group relation constraint metric use import forall each where in from as by and or not otherwise level of",
    type: "real int key number",
    built_in: "E Sum N P Cov Var pairs adjacent max min sum mean abs exp log sqrt raw bins",
    literal: "inf",
  };
  const fair = (hljs) => ({
    name: "fair",
    keywords: words,
    contains: [
      hljs.COMMENT("##", "$", { className: "doctag" }),
      hljs.COMMENT("#", "$"),
      { className: "string", begin: '"', end: '"' },
      { className: "symbol", begin: "`", end: "`" },
      { className: "number", begin: "\\b[0-9][0-9_]*(\\.[0-9][0-9_]*)?([eE][+-]?[0-9]+)?%?" },
    ],
  });
  if (typeof module !== "undefined") {
    module.exports = fair;
    return;
  }
  hljs.registerLanguage("fair", fair);
  for (const block of document.querySelectorAll("code.language-fair")) {
    block.classList.remove("nohighlight", "no-highlight");
    hljs.highlightBlock(block);
  }
})();
