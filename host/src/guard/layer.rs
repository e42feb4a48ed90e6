//! The guard as a layer of tower, for the services of axum, tonic, hyper and others.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Version};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::Guard;
use super::bearer::only;
use super::claims::Claims;
use super::refusal::{Refusal, RefusalReason};

/// Guards a service: responds by itself to a request that is not allowed, and gives the [`Claims`] of one that
/// is allowed to the service, as an extension of the request.
///
/// It reads the `Authorization` header alone, never a cookie or the query. Each layer verifies the token: give a
/// request one layer, with the scopes of its route, and not one around another. A request of gRPC, which is a `POST` by
/// HTTP/2 with the content type `application/grpc`, gets its refusal in the form of gRPC ([`Refusal::grpc_code`]), whose
/// status of HTTP is always 200.
#[derive(Clone, Debug)]
pub struct GuardLayer {
    guard: Guard,
    is_optional: bool,
}

impl Guard {
    /// The guard as a layer.
    #[must_use]
    pub fn layer(&self) -> GuardLayer {
        GuardLayer {
            guard: self.clone(),
            is_optional: false,
        }
    }
}

impl GuardLayer {
    /// Lets a request without an `Authorization` header pass, without [`Claims`]. One with a bad token, or with
    /// credentials of another scheme, is still refused.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, service: S) -> GuardService<S> {
        GuardService {
            layer: Arc::new(self.clone()),
            service,
        }
    }
}

/// A service behind a [`GuardLayer`].
#[derive(Clone, Debug)]
pub struct GuardService<S> {
    /// Shared, for servers clone a service for each request.
    layer: Arc<GuardLayer>,
    service: S,
}

impl<S, B, R> Service<Request<B>> for GuardService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = GuardFuture<S::Future, R, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let guard = &self.layer.guard;
        let verdict = match authorization(request.headers()) {
            Ok(None) if self.layer.is_optional => {
                // What came from elsewhere is not what this guard has checked.
                request.extensions_mut().remove::<Claims>();
                return GuardFuture::passed(self.service.call(request));
            }
            Ok(authorization) => guard.check_cached(authorization),
            Err(reason) => Some(Err(guard.refuse(reason))),
        };
        match verdict {
            Some(Ok(claims)) => {
                request.extensions_mut().insert(claims);
                GuardFuture::passed(self.service.call(request))
            }
            Some(Err(refusal)) => GuardFuture::refused(refusal.to_response(is_grpc(&request))),
            None => {
                let is_grpc = is_grpc(&request);
                let guard = guard.clone();
                // The clone that is ready is the one to call.
                let next = self.service.clone();
                let mut service = std::mem::replace(&mut self.service, next);
                GuardFuture::waiting(Box::pin(async move {
                    let header = authorization(request.headers()).unwrap_or_default();
                    let claims = guard.check(header).await;
                    let claims = claims.map_err(|refusal| refusal.to_response(is_grpc))?;
                    request.extensions_mut().insert(claims);
                    Ok(service.call(request))
                }))
            }
        }
    }
}

fn authorization(headers: &HeaderMap) -> Result<Option<&str>, RefusalReason> {
    let headers = headers.get_all(AUTHORIZATION).iter();
    only(headers.map(|header| header.to_str().ok()))
}

/// Whether a request is one of gRPC, whose clients read `grpc-status` and not the status of HTTP. A client of another
/// service must not be able to have a refusal look like a success.
fn is_grpc<B>(request: &Request<B>) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE);
    let format = content_type.and_then(|it| it.as_bytes().strip_prefix(b"application/grpc"));
    request.method() == Method::POST
        && request.version() == Version::HTTP_2
        && format.is_some_and(|format| matches!(format, [] | [b'+' | b';', ..]))
}

impl Refusal {
    /// The response, with an empty body.
    pub(super) fn to_response(&self, is_grpc: bool) -> Response<()> {
        let mut response = Response::new(());
        if !is_grpc {
            *response.status_mut() = self.status();
        }
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge() {
            headers.extend(value(challenge).map(|value| (WWW_AUTHENTICATE, value)));
        }
        if is_grpc {
            // A response without messages has its status among the headers.
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            headers.insert("grpc-status", self.grpc_code().into());
            headers.extend(value(self.error()).map(|value| (GRPC_MESSAGE, value)));
        }
        if let Some(wait) = self.retry_after() {
            let (name, wait) = if is_grpc {
                (GRPC_RETRY, value(wait.as_millis()))
            } else {
                (RETRY_AFTER, value(wait.as_secs()))
            };
            headers.extend(wait.map(|wait| (name, wait)));
        }
        response
    }
}

const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_RETRY: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// What a refusal says is visible ASCII, so there is always a value.
fn value(text: impl ToString) -> Option<HeaderValue> {
    HeaderValue::try_from(text.to_string()).ok()
}

/// A service's future, once the token is verified.
type Waiting<F> = Pin<Box<dyn Future<Output = Result<F, Response<()>>> + Send>>;

pin_project! {
    /// The response of a [`GuardService`].
    #[project = Projection]
    pub struct GuardFuture<F, R, E> {
        // Boxed only while the token's key is fetched.
        waiting: Option<Waiting<F>>,
        refused: Option<Response<()>>,
        #[pin]
        passed: Option<F>,
        response: std::marker::PhantomData<fn() -> Result<R, E>>,
    }
}

impl<F, R, E> GuardFuture<F, R, E> {
    fn new(waiting: Option<Waiting<F>>, refused: Option<Response<()>>, passed: Option<F>) -> Self {
        Self {
            waiting,
            refused,
            passed,
            response: std::marker::PhantomData,
        }
    }

    fn waiting(waiting: Waiting<F>) -> Self {
        Self::new(Some(waiting), None, None)
    }

    fn refused(response: Response<()>) -> Self {
        Self::new(None, Some(response), None)
    }

    fn passed(future: F) -> Self {
        Self::new(None, None, Some(future))
    }
}

impl<F, R, E> Future for GuardFuture<F, R, E>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Default,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(waiting) = this.waiting {
            match waiting.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(future)) => this.passed.set(Some(future)),
                Poll::Ready(Err(response)) => *this.refused = Some(response),
            }
            *this.waiting = None;
        }
        if let Some(response) = this.refused.take() {
            return Poll::Ready(Ok(response.map(|()| R::default())));
        }
        match this.passed.as_pin_mut() {
            Some(future) => future.poll(cx),
            None => Poll::Pending,
        }
    }
}
