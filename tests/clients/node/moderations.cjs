// npm openai: its moderation call, as its documentation uses it.
const { OpenAI } = require("openai");
const { port, api_key, comment } = require("./scenario.cjs");

const client = (apiKey = api_key) => new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey, maxRetries: 0 });
const create = (input, key) => client(key).moderations.create({ input });
const refused = (input, key) =>
  create(input, key).catch(({ constructor, status, code, param, requestID }) => ({
    name: constructor.name, status, code, param, request: Boolean(requestID),
  }));

(async () => {
  const texts = [comment.content, comment.rude, comment.spam];
  console.log(JSON.stringify({
    one: await create(comment.rude),
    several: await create(texts),
    parts: await create(texts.slice(0, 2).map((text) => ({ type: "text", text }))),
    image: await refused([{ type: "image_url", image_url: { url: "https://blog.example/a.png" } }]),
    wrong_key: await refused("hello", "sk-nope"),
  }));
})();
