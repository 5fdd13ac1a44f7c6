// npm oidc-provider, an OpenID Certified provider, as a team would run one: its own pages to sign in, agree and sign out.
import Provider from "oidc-provider";

const [port, home] = process.argv.slice(2);
const groups = { olga: ["chiefs"], ed: ["editors"] };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "antechamber",
      client_secret: "a secret of theirs",
      redirect_uris: [`${home}/api/provider/answer`],
      post_logout_redirect_uris: [home],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  scopes: ["openid", "profile", "groups"],
  claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, groups: groups[id] ?? [] }),
  }),
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  cookies: { keys: ["a key of theirs"] },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
