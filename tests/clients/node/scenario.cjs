// One conversation that every client has with the service; what came of it is one line of JSON on standard output.
const settings = JSON.parse(process.env.SCENARIO);

async function attempt(action) {
  try {
    return (await action()) ?? null;
  } catch (error) {
    return `error: ${error.message ?? error}`;
  }
}

async function run({ verify, check, wrong, spam, ham }) {
  const { key, comment } = settings;
  const heard = {
    verified: await attempt(() => verify(key)),
    wrong_key: await attempt(() => verify("ffffffffffff")),
    check_with_wrong_key: await attempt(wrong),
    good: await attempt(() => check({})),
    test_spam: await attempt(() => check({ name: "akismet-guaranteed-spam" })),
    bad: await attempt(() => check({ content: comment.spam })),
  };
  await attempt(() => spam({}));
  heard.good_after_submit_spam = await attempt(() => check({}));
  await attempt(() => ham({}));
  heard.good_after_submit_ham = await attempt(() => check({}));
  console.log(JSON.stringify(heard));
}

module.exports = { ...settings, run };
