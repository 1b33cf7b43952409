use super::super::testing::Client;
use crate::Error;
use crate::http::alerting::tests::Double;
use crate::http::dashboards::Dashboards;
use crate::http::rules::Rules;
use crate::http::searches::Searches;
use crate::http::slos::Slos;
use crate::http::written::tests::NoneWritten;
use crate::http::{Api, Limits, endpoints};
use crate::logs::fixture::store;
use ocelli_api::UnixNano;
use ocelli_api::dashboards::Dashboard;
use ocelli_api::ingest::SystemResponse;
use ocelli_api::searches::{SavedSearch, SearchRequest};
use std::collections::BTreeSet;
use std::sync::Arc;

#[tokio::test]
async fn the_document_has_every_route_of_the_native_api() {
    let (store, _directory) = store(true).await;
    let document = Client::new(store.clone()).ok("/api/openapi.json").await;
    let described: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let clock = Arc::new(|| UnixNano(0));
    let api = Api::new(store, Arc::new(SystemResponse::default), clock, Limits::default());
    let rules = Rules(Arc::new(Default::default));
    let mut routes = endpoints(api.clone());
    let written = Arc::new(NoneWritten);
    let slos = Slos { list: Arc::new(Default::default), rules: rules.clone(), written: written.clone() };
    routes.extend(crate::http::slos::endpoints(api.clone(), slos));
    routes.extend(crate::http::rules::group_endpoints(api, rules.clone(), written));
    routes.extend(crate::http::rules::endpoints(rules));
    routes.extend(crate::http::dashboards::endpoints(Arc::new(NoneKept)));
    routes.extend(crate::http::searches::endpoints(Arc::new(NoneKept)));
    routes.extend(crate::http::alerting::endpoints(Arc::new(Double::default())));
    let native = routes.iter().filter_map(|(route, _)| Some(route.split_once(' ')?.1));
    let native: BTreeSet<&str> = native.filter(|path| path.starts_with("/api/")).collect();
    assert_eq!(described, native);
}

#[tokio::test]
async fn the_system_is_what_the_server_says_it_is() {
    let (store, _directory) = store(true).await;
    let body = Client::new(store).ok("/api/system").await;
    assert_eq!(body["version"], "1.2.3");
}

/// Nothing is asked of it.
struct NoneKept;

#[async_trait::async_trait]
impl Dashboards for NoneKept {
    async fn all(&self) -> Result<Vec<Dashboard>, Error> {
        Ok(Vec::new())
    }

    async fn one(&self, _id: &str) -> Result<Option<Dashboard>, Error> {
        Ok(None)
    }

    async fn add(&self, dashboard: Dashboard) -> Result<Dashboard, Error> {
        Ok(dashboard)
    }

    async fn replace(&self, dashboard: Dashboard) -> Result<Dashboard, Error> {
        Ok(dashboard)
    }

    async fn remove(&self, id: &str, _revision: Option<u64>) -> Result<Dashboard, Error> {
        Err(Error::NotFound(id.to_owned()))
    }
}

#[async_trait::async_trait]
impl Searches for NoneKept {
    async fn all(&self) -> Result<Vec<SavedSearch>, Error> {
        Ok(Vec::new())
    }

    async fn add(&self, _asked: SearchRequest) -> Result<SavedSearch, Error> {
        Ok(SavedSearch::default())
    }

    async fn replace(&self, id: &str, _asked: SearchRequest) -> Result<SavedSearch, Error> {
        Err(Error::NotFound(id.to_owned()))
    }

    async fn remove(&self, id: &str) -> Result<SavedSearch, Error> {
        Err(Error::NotFound(id.to_owned()))
    }
}
