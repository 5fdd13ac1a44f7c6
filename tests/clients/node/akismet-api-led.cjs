// npm akismet-api as it comes: https, the key before rest.akismet.com.
const { AkismetClient } = require("akismet-api");
const { key, blog, comment } = require("./scenario.cjs");

const client = (key) => new AkismetClient({ key, blog });
const said = (content) => ({
  ip: comment.ip, useragent: comment.agent, name: comment.author, content, permalink: comment.permalink,
});

(async () => {
  console.log(JSON.stringify({
    verified: await client(key).verifyKey(),
    wrong_key: await client("ffffffffffff").verifyKey(),
    good: await client(key).checkSpam(said(comment.content)),
    bad: await client(key).checkSpam(said(comment.spam)),
  }));
})();
