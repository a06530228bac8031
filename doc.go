// Package kirim is the Go SDK for the Kirim WhatsApp Business API.
package kirim
