// npm akismet as it comes, beneath Waline and Staticman: plain http, the key before rest.akismet.com.
const { client } = require("akismet");
const { key, blog, comment } = require("./scenario.cjs");

const made = (apiKey) => client({ blog, apiKey });
const said = (content) => ({
  user_ip: comment.ip, user_agent: comment.agent, comment_author: comment.author, comment_content: content,
  permalink: comment.permalink,
});
const promised = (target, name, ...given) =>
  new Promise((resolve, reject) => target[name](...given, (error, value) => (error ? reject(error) : resolve(value))));

(async () => {
  console.log(JSON.stringify({
    verified: await promised(made(key), "verifyKey"),
    wrong_key: await promised(made("ffffffffffff"), "verifyKey"),
    good: await promised(made(key), "checkComment", said(comment.content)),
    bad: await promised(made(key), "checkComment", said(comment.spam)),
  }));
})();
