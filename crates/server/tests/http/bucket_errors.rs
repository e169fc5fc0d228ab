//! Errors of an S3 bucket: missing, failing while a document is uploaded, or changing its bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::http::{Method, Response, Uri};
use credential::Type;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tenure::flows::document_sweep::delete_orphans;
use tokio::net::TcpListener;

use crate::support::app::TestApp;
use crate::support::samples;

/// How the bucket behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Good,
    Missing,
    FailsParts,
    FailsPartsAndAborts,
    ChangesBytes,
}

/// A bucket in memory, with the requests that multipart uploads need.
#[derive(Debug, Default)]
struct Bucket {
    mode: Mode,
    /// Bytes of unfinished uploads, by path.
    uploads: HashMap<String, Vec<u8>>,
    objects: HashMap<String, Vec<u8>>,
    aborted: usize,
    refused_aborts: usize,
}

/// Returns an upload in the listing, whose key is its path in the bucket.
fn listed(path: &str) -> String {
    let key = path.trim_start_matches("/documents/");
    format!("<Upload><Key>{key}</Key><UploadId>1</UploadId></Upload>")
}

impl Bucket {
    fn respond(&mut self, method: &Method, uri: &Uri, body: &Bytes) -> (u16, Vec<u8>) {
        let (path, query) = (uri.path().to_owned(), uri.query().unwrap_or_default());
        if self.mode == Mode::Missing {
            return (404, b"<Error><Code>NoSuchBucket</Code></Error>".to_vec());
        }
        let is_of_upload = query.contains("uploadId=");
        match *method {
            Method::POST if query.contains("uploads") => {
                self.uploads.insert(path, Vec::new());
                let id = "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>";
                (200, id.into())
            }
            Method::PUT if matches!(self.mode, Mode::FailsParts | Mode::FailsPartsAndAborts) => (500, Vec::new()),
            Method::PUT => {
                self.uploads.entry(path).or_default().extend_from_slice(body);
                (200, Vec::new())
            }
            Method::POST if is_of_upload => {
                let mut object = self.uploads.remove(&path).unwrap_or_default();
                if let (Mode::ChangesBytes, Some(byte)) = (self.mode, object.get_mut(100)) {
                    *byte ^= 1;
                }
                self.objects.insert(path, object);
                (200, "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>".into())
            }
            Method::DELETE if is_of_upload && self.mode == Mode::FailsPartsAndAborts => {
                self.refused_aborts += 1;
                (500, Vec::new())
            }
            Method::GET if query.contains("uploads=") => {
                let uploads: String = self.uploads.keys().map(|path| listed(path)).collect();
                (200, format!("<ListMultipartUploadsResult>{uploads}</ListMultipartUploadsResult>").into())
            }
            Method::GET if query.contains("list-type=") => (200, "<ListBucketResult></ListBucketResult>".into()),
            Method::DELETE if is_of_upload => {
                self.uploads.remove(&path);
                self.aborted += 1;
                (204, Vec::new())
            }
            Method::GET => self.objects.get(&path).map_or((404, Vec::new()), |object| (200, object.clone())),
            _ => (200, b"<DeleteResult></DeleteResult>".to_vec()),
        }
    }
}

/// Serves the bucket; returns its endpoint.
async fn serve(bucket: Arc<Mutex<Bucket>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let bucket = bucket.clone();
            let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let bucket = bucket.clone();
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await?.to_bytes();
                    let (status, body) = bucket.lock().expect("no panic").respond(&parts.method, &parts.uri, &body);
                    let answer = Response::builder().status(status).header("etag", "\"1\"");
                    Ok::<_, hyper::Error>(answer.body(Body::from(body)).expect("an answer"))
                }
            });
            tokio::spawn(async move {
                let io = hyper_util::rt::TokioIo::new(stream);
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
            });
        }
    });
    endpoint
}

struct Setting {
    test: TestApp,
    bucket: Arc<Mutex<Bucket>>,
    token: String,
    id: String,
    request_id: String,
    link: Value,
}

impl Setting {
    /// Pushes a submission that waits for a document.
    async fn start(mode: Mode) -> Self {
        let bucket = Arc::new(Mutex::new(Bucket { mode, ..Bucket::default() }));
        let endpoint = serve(bucket.clone()).await;
        let settings = [
            ("object_storage.kind", "s3"),
            ("object_storage.endpoint", &*endpoint),
            ("object_storage.bucket", "documents"),
            ("object_storage.access_key", "test"),
            ("object_storage.secret_key", "test"),
        ];
        let test = TestApp::builder().settings(&settings).start().await;
        let token = test.token(&test.partner().await).await;
        let mut body = ("education".parse::<Type>().expect("a type").sample)();
        body["assets"] = json!([{ "asset_id": "1", "asset_type": "pdf", "asset_data": Value::Null }]);
        let id = body["credential_id"].as_str().expect("an id").to_owned();
        let answer = test.post("/api/partner/v2/add/requests/education", &token, &body).await.assert_status(201).json();
        let request_id = answer["request_id"].as_str().expect("an id").to_owned();
        Self { test, bucket, token, id, request_id, link: answer["assets"][0]["upload_url"].clone() }
    }

    async fn upload(&self) -> crate::support::response::TestResponse {
        let document = samples::bytes(&mut samples::pdf(|_, _| {}));
        self.test.upload(&self.link, "application/pdf", document).await
    }

    async fn state(&self) -> Value {
        self.test.status(&self.token, &self.id).await["assets"][0]["state"].clone()
    }

    /// Asserts that an upload is refused for now, and succeeds once the bucket is good.
    async fn assert_is_temporary(&self) {
        let answer = self.upload().await.assert_status(503);
        assert!(!answer.header("retry-after").is_empty());
        assert_eq!(self.state().await, "awaited");
        self.bucket.lock().expect("no panic").mode = Mode::Good;
        self.upload().await.assert_status(204);
        assert_eq!(self.state().await, "stored");
    }
}

#[tokio::test]
async fn missing_bucket_returns_503_until_it_exists() {
    Setting::start(Mode::Missing).await.assert_is_temporary().await;
}

#[tokio::test]
async fn bytes_changed_on_the_way_to_the_bucket_return_503() {
    Setting::start(Mode::ChangesBytes).await.assert_is_temporary().await;
}

#[tokio::test]
async fn failed_upload_leaves_no_parts_in_the_bucket() {
    let setting = Setting::start(Mode::FailsParts).await;
    setting.upload().await.assert_status(503);
    // The upload is aborted in the background.
    for _ in 0..100 {
        if setting.bucket.lock().expect("no panic").aborted > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let bucket = setting.bucket.lock().expect("no panic");
    assert_eq!((bucket.aborted, bucket.uploads.len()), (1, 0));
}

/// A bucket that fails while an upload is aborted keeps its parts until the sweep finds them.
#[tokio::test]
async fn parts_whose_abort_failed_are_swept_later() {
    let setting = Setting::start(Mode::FailsPartsAndAborts).await;
    setting.upload().await.assert_status(503);
    for _ in 0..200 {
        if setting.bucket.lock().expect("no panic").refused_aborts > 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let app = &setting.test.app;
    setting.bucket.lock().expect("no panic").mode = Mode::Good;
    let begun = app.now();
    assert_eq!(delete_orphans(app, begun).await.expect("swept"), 0, "it may be in progress");
    assert_eq!(setting.bucket.lock().expect("no panic").uploads.len(), 1);
    setting.test.advance(app.config().object_storage.orphan_age + std::time::Duration::from_secs(1));
    assert_eq!(delete_orphans(app, begun).await.expect("swept"), 1);
    let bucket = setting.bucket.lock().expect("no panic");
    assert_eq!((bucket.aborted, bucket.uploads.len()), (1, 0));
}

#[tokio::test]
async fn missing_object_is_an_internal_error() {
    let setting = Setting::start(Mode::Good).await;
    setting.upload().await.assert_status(204);
    let mut person = setting.test.signed_in("ada@example.org").await;
    let submission: uuid::Uuid = setting.request_id.parse().expect("a UUID");
    person.open(submission).await.assert_status(303);
    let page = person.text(&format!("/requests/{submission}")).await;
    let path = page.split("href=\"").find(|part| part.starts_with("/documents/")).expect("a document");
    let path = path.split('"').next().expect("a path").to_owned();
    person.get(&path).await.assert_status(200);
    setting.bucket.lock().expect("no panic").objects.clear();
    person.get(&path).await.assert_status(500);
}
