// A certified OpenID provider on loopback, for tests: any name and password will do. Arguments: port, address of Blockyard.
import Provider from "oidc-provider";

const [port, blockyard] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "blockyard",
      client_secret: "a secret of this test",
      redirect_uris: [`${blockyard}/sign-in/with/corp/callback`],
      post_logout_redirect_uris: [`${blockyard}/sign-in`],
      backchannel_logout_uri: `${blockyard}/sign-in/with/corp/back-channel-logout`,
      backchannel_logout_session_required: true,
    },
  ],
  claims: { openid: ["sub", "sid"], profile: ["preferred_username", "given_name", "family_name"], email: ["email"], groups: ["groups"] },
  scopes: ["openid", "profile", "email", "groups"],
  conformIdTokenClaims: false,
  features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  cookies: { keys: ["of this test"] },
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, given_name: "Nora", family_name: "Berg", email: `${id}@x.test`, groups: ["developers"] }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
