// Package kirimotel records the calls of a kirim client, and the webhooks of a handler, with
// OpenTelemetry: as traces and as metrics.
package kirimotel
