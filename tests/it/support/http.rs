//! The HTTP server that every fake uses. It listens on a free port of loopback, in a thread of its own.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// A request with its whole body.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The method, such as POST.
    pub(crate) method: Method,
    /// The path with the query.
    pub(crate) path: String,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
    /// When its head had arrived.
    pub(crate) at: Instant,
}

/// The answer to a request; `None` closes the connection without one.
pub(crate) type Answer = Option<Response<Full<Bytes>>>;

/// An answer with a status and a body.
pub(crate) fn response(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .body(Full::new(body.into()))
        .unwrap()
}

/// A server that asks one function about every request. Dropping it closes every connection.
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server that answers every request with what `answer` returns.
    pub(crate) fn start<A, F>(answer: A) -> Self
    where
        A: Fn(Request) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let thread = std::thread::spawn(move || {
            // Dropping the runtime afterwards drops every connection, hanging ones too.
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = accept(TcpListener::from_std(listener).unwrap(), Arc::new(answer)) => {}
                }
            });
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Such as `127.0.0.1:40123`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A panic in an answer has closed its connection and was reported there.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn accept<A, F>(listener: TcpListener, answer: Arc<A>)
where
    A: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&answer)));
    }
}

async fn serve<A, F>(stream: TcpStream, answer: Arc<A>)
where
    A: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    stream.set_nodelay(true).unwrap();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let answer = Arc::clone(&answer);
        async move {
            let at = Instant::now();
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
            let path = head.uri.to_string();
            let request = Request {
                method: head.method,
                path,
                headers: head.headers,
                body,
                at,
            };
            // An error makes hyper close the connection.
            answer(request)
                .await
                .ok_or_else(|| io::Error::other("closed on purpose"))
        }
    });
    // A client may break off its connection, which is no failure of the server.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
