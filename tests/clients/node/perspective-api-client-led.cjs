// npm perspective-api-client as it comes.
const Perspective = require("perspective-api-client");
const { key, comment } = require("./scenario.cjs");

const analyze = (text, options, apiKey = key) =>
  new Perspective({ apiKey }).analyze(text, options).catch(({ name, message, response }) => ({
    name, message, status: response?.status,
  }));

(async () => {
  console.log(JSON.stringify({
    good: await analyze(comment.content),
    rude: await analyze(`<p>${comment.rude}</p>`, { attributes: ["toxicity", "insult"] }),
    unknown: await analyze("hello", { attributes: ["flirtation"] }),
    wrong_key: await analyze("hello", {}, "nope"),
  }));
})();
