// npm akismet-api: the key is the first label of the host name.
const { AkismetClient } = require("akismet-api");
const { port, key, blog, comment, run } = require("./scenario.cjs");

const made = (key) => new AkismetClient({ key, blog, host: `akismet.test:${port}`, protocol: "http" });
const said = (extra) => ({
  ip: comment.ip, useragent: comment.agent, name: comment.author, email: comment.email, content: comment.content,
  permalink: comment.permalink, type: "comment", ...extra,
});

run({
  verify: (key) => made(key).verifyKey(),
  check: (extra) => made(key).checkSpam(said(extra)),
  wrong: () => made("ffffffffffff").checkSpam(said({})),
  spam: (extra) => made(key).submitSpam(said(extra)),
  ham: (extra) => made(key).submitHam(said(extra)),
});
