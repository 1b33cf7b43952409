//! All that a save refuses, and how it says so.

use super::*;

struct Case {
    method: Method,
    path: &'static str,
    body: &'static str,
    status: u16,
    /// `line:column field` of the first problem, where it is one of the document.
    place: &'static str,
    words: &'static str,
}

fn case(
    method: Method,
    path: &'static str,
    body: &'static str,
    status: u16,
    place: &'static str,
    words: &'static str,
) -> Case {
    Case { method, path, body, status, place, words }
}

const SLOS: &str = "/api/slos";
const GROUPS: &str = "/api/rules/groups";

fn cases() -> Vec<Case> {
    use Method as M;
    vec![
        case(
            M::POST,
            SLOS,
            "slos:\n- name: a\n  objective: 99\n window: 30d\n",
            400,
            "4:2 ",
            "did not find expected key",
        ),
        case(M::POST, SLOS, "{\n  \"slos\": [\n}", 400, "3:1 ", "did not find expected"),
        case(
            M::POST,
            SLOS,
            "slos:\n- {name: a, objectiv: 99}\n",
            400,
            "2:13 slos[0].objectiv",
            "did you mean objective?",
        ),
        case(
            M::POST,
            SLOS,
            "slos:\n- {name: a, objective: 120, availability: {service: s}}\n",
            400,
            "2:24 slos[0].objective",
            "above 0 and below 100",
        ),
        case(
            M::POST,
            SLOS,
            "slos:\n- {name: a, objective: 99, latency: {service: s}}\n",
            400,
            "2:37 slos[0].latency.under",
            "needs `under`",
        ),
        case(
            M::POST,
            SLOS,
            "slos:\n- {name: a, objective: 9, ratio: {bad: 'sum(x', total: x}}\n",
            400,
            "2:40 slos[0].ratio.bad",
            "unclosed left parenthesis",
        ),
        case(M::POST, SLOS, "hello: world\n", 400, "1:1 ", "this is no file of objectives"),
        case(M::POST, SLOS, "slos: []\n", 400, "1:1 slos", "one objective is saved at a time; here are 0"),
        case(
            M::POST,
            SLOS,
            "slos:\n- {name: of-a-file, objective: 9, availability: {service: s}}\n",
            409,
            "",
            "ocelli.yml already; choose another name",
        ),
        case(
            M::PUT,
            "/api/slos/s-of-a-file?revision=1",
            OBJECTIVE,
            409,
            "",
            "ocelli.yml; it is changed there",
        ),
        case(M::DELETE, "/api/slos/s-of-a-file?revision=1", "", 409, "", "ocelli.yml"),
        case(M::POST, SLOS, OBJECTIVE, 409, "", "is saved already"),
        case(M::PUT, "/api/slos/checkout-availability", OBJECTIVE, 400, "", "revision: is missing"),
        case(
            M::PUT,
            "/api/slos/checkout-availability?revision=9",
            OBJECTIVE,
            409,
            "",
            "is at revision 1, not 9",
        ),
        case(M::DELETE, "/api/slos/checkout-availability?revision=x", "", 400, "", "'x' is no number"),
        case(M::DELETE, "/api/slos/absent?revision=1", "", 404, "", "there is no objective \"absent\""),
        case(
            M::POST,
            GROUPS,
            "name: a\nrules:\n- {alert: A, expr: 'up =='}\n",
            400,
            "3:20 rules[0].expr",
            "1:6: parse error",
        ),
        case(
            M::POST,
            GROUPS,
            "groups:\n- name: a\n  rules: [{alrt: A, expr: up}]\n",
            400,
            "3:12 groups[0].rules[0].alrt",
            "did you mean alert?",
        ),
        case(M::POST, GROUPS, "name: a\nlanguage: logq\n", 400, "2:11 language", "did you mean logql?"),
        case(M::POST, GROUPS, "rules: []\n", 400, "1:1 name", "a group needs a name"),
        case(M::POST, GROUPS, "groups: [{name: a}, {name: b}]\n", 400, "1:1 groups", "here are 2"),
        case(M::POST, GROUPS, "name: slo-checkout-availability\n", 409, "", "is made of the objective"),
        case(
            M::PUT,
            "/api/rules/groups/of-a-file?revision=1",
            "name: a\n",
            409,
            "",
            "rules.yml; it is changed there",
        ),
        case(M::POST, GROUPS, "name: of-a-file\n", 409, "", "rules.yml already"),
        case(M::DELETE, "/api/rules/groups/absent?revision=1", "", 404, "", "there is no group"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules.yml");
    std::fs::write(&rules, "groups: [{name: of-a-file, rules: []}]\n").unwrap();
    let config = "slos:\n- {name: of-a-file, objective: 99, availability: {service: s}}\n";
    let settings = Settings::serve().config(config).with(&["--rules", rules.to_str().unwrap()]);
    let server = settings.start().await;
    let _: SloSaved = good(&server, Method::POST, SLOS, OBJECTIVE).await;
    let mut wrong = Vec::new();
    for Case { method, path, body, status, place, words } in cases() {
        let (told, answer) = send(&server, method.clone(), path, body).await;
        let problem = &answer["error"]["problems"][0];
        let found = match problem.is_object() {
            true => {
                format!("{}:{} {}", problem["line"], problem["column"], problem["field"].as_str().unwrap())
            }
            false => String::new(),
        };
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        if told != status || found != place || !message.contains(words) {
            wrong.push(format!("{method} {path} {body:?}: {told} {found:?} {message}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let long = format!("{OBJECTIVE}#{}", "x".repeat(256 << 10));
    let (status, answer) = send(&server, Method::POST, SLOS, &long).await;
    assert_eq!((status, answer["error"]["code"].as_str()), (422, Some("limit_exceeded")), "{answer}");
    let url = server.api.url(SLOS);
    let form = reqwest::Client::new().post(url).header("Content-Type", "text/plain").body(OBJECTIVE);
    assert_eq!(form.send().await.unwrap().status(), 400, "a page of another site could send this");

    let all: SlosResponse = server.api.get(SLOS, &[]).await;
    let ids: Vec<&str> = all.slos.iter().map(|slo| slo.id.as_str()).collect();
    assert_eq!(
        (ids, all.left_out.len()),
        (vec!["checkout-availability", "s-of-a-file"], 0),
        "nothing has changed"
    );
}
