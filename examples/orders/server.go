package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// serve responds to requests until ctx ends, and then lets those in progress end.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		ended <- server.Shutdown(ending)
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

// serve lets Prometheus scrape until ctx ends.
func (t *telemetry) serve(ctx context.Context) error {
	if t.metrics == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", t.scraped)
	return serve(ctx, t.metrics, mux)
}

// usage says where the metrics are.
func (t *telemetry) usage() string {
	if t.metrics == nil {
		return ""
	}
	return fmt.Sprintf("Prometheus can scrape http://%s/metrics.\n", t.metrics.Addr())
}
