//! A holder with a browser, for the pages of a running server.

use std::collections::BTreeMap;

use crate::tenure::{HttpResponse, Server, request, until};

/// A holder: an email and the cookies of their browser.
#[derive(Debug)]
pub struct Person {
    email: String,
    cookies: BTreeMap<String, String>,
}

impl Person {
    /// Signs in with a code, after opening `link` if there is one. Returns the holder and the
    /// location of the redirect.
    pub fn sign_in(server: &Server, email: &str, link: Option<(&str, &str)>) -> (Self, String) {
        let mut person = Self { email: email.to_owned(), cookies: BTreeMap::new() };
        if let Some((path, content)) = link {
            let answer = person.post(server, path, &[("content", content)]);
            assert_eq!(header(&answer, "location"), ["/sign-in"], "{}", answer.body);
        }
        let known = person.codes(server);
        let answer = person.post(server, "/sign-in", &[("email", email)]);
        let page = header(&answer, "location").remove(0);
        let code = until("the code", || person.codes(server).into_iter().find(|code| !known.contains(code)));
        let answer = person.post(server, &page, &[("code", &code.1)]);
        let location = header(&answer, "location").into_iter().next();
        (person, location.unwrap_or_else(|| panic!("{}", answer.body)))
    }

    /// Returns the codes mailed to this holder, each with its mail's file name.
    fn codes(&self, server: &Server) -> Vec<(String, String)> {
        let Ok(folder) = std::fs::read_dir(server.data.join("mail")) else { return Vec::new() };
        let mails = folder.map(|entry| entry.expect("an entry").path());
        let mails = mails.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
        let mails = mails.map(|path| (path.display().to_string(), std::fs::read_to_string(path).expect("a mail")));
        let mine = mails.filter(|(_, text)| text.contains(&format!("To: {}", self.email)));
        mine.filter_map(|(name, text)| Some((name, text.split("Your code is ").nth(1)?[..6].to_owned()))).collect()
    }

    fn send(&mut self, server: &Server, method: &str, path: &str, body: &str) -> HttpResponse {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let headers = [
            ("Cookie", &*cookies),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Sec-Fetch-Site", "same-origin"),
        ];
        let answer = request(server.port, method, path, &headers, body).expect("an answer");
        for cookie in header(&answer, "set-cookie") {
            let (pair, _) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Gets a page.
    pub fn get(&mut self, server: &Server, path: &str) -> HttpResponse {
        self.send(server, "GET", path, "")
    }

    /// Submits a form.
    pub fn post(&mut self, server: &Server, path: &str, form: &[(&str, &str)]) -> HttpResponse {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(server, "POST", path, &body)
    }

    /// Opens a link and accepts the submission.
    pub fn accept(&mut self, server: &Server, path: &str, content: &str) {
        let answer = self.post(server, path, &[("content", content)]);
        let location = header(&answer, "location").remove(0);
        let answer = self.post(server, &format!("{location}/accept"), &[]);
        assert_eq!(header(&answer, "location"), ["/wallet"], "{}", answer.body);
    }
}

/// Returns the values of a header.
fn header(answer: &HttpResponse, name: &str) -> Vec<String> {
    let lines = answer.head.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(known, _)| *known == name).map(|(_, value)| value.trim().to_owned()).collect()
}
