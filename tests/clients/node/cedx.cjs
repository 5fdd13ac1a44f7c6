// @cedx/akismet: the key is in the body; verify-key sends it as api_key; whatever is not "false" is spam.
const { port, key, blog, comment, run } = require("./scenario.cjs");

(async () => {
  const { Author, Blog, CheckResult, Client, Comment } = await import("@cedx/akismet");
  const made = (key) => new Client(key, new Blog({ url: blog, languages: ["en", "pl"] }), { baseUrl: `http://127.0.0.1:${port}` });
  const said = ({ content = comment.content, name = comment.author }) =>
    new Comment({
      author: new Author({ ipAddress: comment.ip, userAgent: comment.agent, name, email: comment.email }),
      content, permalink: comment.permalink, type: "comment", context: ["news", "bees"], date: new Date(),
    });
  const names = Object.fromEntries(Object.entries(CheckResult).map(([name, value]) => [value, name]));
  await run({
    verify: (key) => made(key).verifyKey(),
    check: async (extra) => names[await made(key).checkComment(said(extra))],
    wrong: async () => names[await made("ffffffffffff").checkComment(said({}))],
    spam: (extra) => made(key).submitSpam(said(extra)),
    ham: (extra) => made(key).submitHam(said(extra)),
  });
})();
