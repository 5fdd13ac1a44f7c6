// NodeBB's plugin spam-be-gone as it comes: its own Akismet client, asked when somebody replies. NodeBB itself is not on the
// machine; what the plugin asks of it (whose post it is, its settings) is answered here.
const path = require("node:path");
const { key, blog, comment } = require("./scenario.cjs");
const { createRequire } = require("node:module");

const its = createRequire(__filename); // since NodeBB's is taken over below

const settings = { akismetEnabled: "on", akismetApiKey: key };
const user = { username: comment.author, reputation: 0, email: comment.email };
const host = {
  winston: { warn: () => {}, error: () => {}, verbose: () => {}, info: () => {} },
  nconf: { get: () => blog },
  "./src/constants": { paths: { currentPackage: path.join(__dirname, "package.json") } },
  "./src/meta": { settings: { get: async () => settings } },
  "./src/user": {
    isAdministrator: async () => false,
    isModerator: async () => false,
    getUserFields: async () => user,
  },
  "./src/topics": {},
  "./src/routes/helpers": { setupAdminPageRoute: () => {} },
  "./src/database": { incrObjectField: async () => {}, getObject: async () => ({}) },
};
require.main.require = (name) => {
  if (!(name in host)) throw new Error(`NodeBB is asked for ${name}`);
  return host[name];
};

const plugin = its("nodebb-plugin-spam-be-gone");
const akismet = its("nodebb-plugin-spam-be-gone/lib/akismet");

const reply = async (content) => {
  const req = { uid: 7, ip: comment.ip, headers: { "user-agent": comment.agent }, path: "/topic/1" };
  try {
    await plugin.onTopicReply({ req, uid: 7, cid: 1, content });
    return "published";
  } catch (error) {
    return error.message;
  }
};

(async () => {
  const wrong = await akismet.verifyKey("ffffffffffff", blog);
  await plugin.load({ router: { post: () => {} } });
  const { verified } = akismet;
  const good = await reply(comment.content);
  let bad = "published"; // also as long as the service has only just started, and decides too late for an answer
  for (let tries = 0; tries < 20 && bad === "published"; tries += 1) {
    bad = await reply(comment.spam);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  console.log(JSON.stringify({ verified, wrong_key: wrong, good, bad }));
})();
