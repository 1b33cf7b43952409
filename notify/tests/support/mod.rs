//! Receivers that misbehave, names that resolve to what a test says, and a certificate authority.

// Each of the test programs uses a part of it.
#![allow(dead_code)]

pub mod mail;
pub mod web;

use ocelli_notify::{Guard, Notifier, Resolve, Resolving, Verdict};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use tokio_rustls::TlsAcceptor;

/// Names with their addresses. A name with several answers gives them one after the other, and counts.
#[derive(Default)]
pub struct Names {
    answers: HashMap<String, Vec<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub fn of(names: &[(&str, &[&[&str]])]) -> Arc<Names> {
        let parse = |text: &&str| text.parse().expect("an address");
        let answers = names.iter().map(|(name, answers)| {
            let answers = answers.iter().map(|addresses| addresses.iter().map(parse).collect());
            ((*name).to_owned(), answers.collect())
        });
        Arc::new(Names { answers: answers.collect(), asked: Mutex::default() })
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panics with it").clone()
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        let mut asked = self.asked.lock().expect("no test panics with it");
        let before = asked.iter().filter(|other| *other == name).count();
        asked.push(name.to_owned());
        let answers = self.answers.get(name);
        let answer = answers.and_then(|answers| answers.get(before.min(answers.len() - 1)).cloned());
        let answer = answer.ok_or_else(|| io::Error::other("no such name"));
        Box::pin(async move { answer })
    }
}

/// Lets through what listens on this machine.
pub fn notifier() -> Notifier {
    Notifier::new(Guard::new(["127.0.0.0/8", "::1"]).expect("good entries"))
}

/// A certificate authority of the test's own, in PEM, and a server that it vouches for under this name.
pub fn authority(name: &str) -> (String, TlsAcceptor) {
    let mut params = CertificateParams::new([]).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer =
        CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new([name.to_owned()]).expect("a name").signed_by(&key, &issuer);
    let chain = vec![certificate.expect("a certificate").der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_no_client_auth().with_single_cert(chain, key);
    (issuer.pem(), TlsAcceptor::from(Arc::new(config.expect("a certificate with its key"))))
}

#[track_caller]
pub fn refused(verdict: Verdict) -> String {
    match verdict {
        Verdict::Refused { why } => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
pub fn retried(verdict: Verdict) -> String {
    match verdict {
        Verdict::Retry { why, after: None } => why,
        other => panic!("no plain retry: {other:?}"),
    }
}

#[track_caller]
pub fn delivered(verdict: Verdict) -> String {
    match verdict {
        Verdict::Delivered { detail } => detail,
        other => panic!("not delivered: {other:?}"),
    }
}
