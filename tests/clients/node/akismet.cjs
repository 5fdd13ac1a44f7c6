// npm akismet: plain http, the key is the first label of the host name; callbacks.
const { client } = require("akismet");
const { port, key, blog, comment, run } = require("./scenario.cjs");

const made = (apiKey) => client({ blog, apiKey, host: "akismet.test", port });
const said = ({ content = comment.content, name = comment.author }) => ({
  user_ip: comment.ip, user_agent: comment.agent, comment_author: name, comment_author_email: comment.email,
  comment_content: content, permalink: comment.permalink,
});
const promised = (target, name, ...given) =>
  new Promise((resolve, reject) => target[name](...given, (error, value) => (error ? reject(error) : resolve(value))));

run({
  verify: (key) => promised(made(key), "verifyKey"),
  check: (extra) => promised(made(key), "checkComment", said(extra)),
  wrong: () => promised(made("ffffffffffff"), "checkComment", said({})),
  spam: (extra) => promised(made(key), "submitSpam", said(extra)),
  ham: (extra) => promised(made(key), "submitHam", said(extra)),
});
