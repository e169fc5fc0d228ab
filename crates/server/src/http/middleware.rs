//! Middleware that adds one box to a request.
//!
//! `axum::middleware::from_fn` also boxes a copy of the service behind it for each request, which
//! a push that passes two of them would pay for twice (D-281).

use std::convert::Infallible;
use std::future::Future;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use futures::future::BoxFuture;
use tower::{Layer, Service, ServiceExt as _};

/// What a middleware passes a request on to: the service behind it.
pub trait Next: Send + 'static {
    /// Returns the response of the service.
    fn run(self, request: Request) -> impl Future<Output = Response> + Send;
}

impl<S> Next for S
where
    S: Service<Request, Response = Response, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    async fn run(self, request: Request) -> Response {
        self.oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// Code that runs before and after the service behind it.
pub trait Middleware: Clone + Send + Sync + 'static {
    /// Returns the response to `request`, usually that of `next`.
    fn handle(self, request: Request, next: impl Next) -> impl Future<Output = Response> + Send;
}

#[derive(Clone, Debug)]
pub struct MiddlewareLayer<M>(pub M);

impl<M: Middleware, S> Layer<S> for MiddlewareLayer<M> {
    type Service = MiddlewareService<M, S>;

    fn layer(&self, inner: S) -> Self::Service {
        MiddlewareService { middleware: self.0.clone(), inner }
    }
}

/// A middleware with the service behind it.
#[derive(Clone, Debug)]
pub struct MiddlewareService<M, S> {
    middleware: M,
    inner: S,
}

impl<M, S> Service<Request> for MiddlewareService<M, S>
where
    M: Middleware,
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    /// Always ready: the copy of the inner service that handles a request waits for it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (middleware, inner) = (self.middleware.clone(), self.inner.clone());
        Box::pin(async move { Ok(middleware.handle(request, inner).await) })
    }
}
