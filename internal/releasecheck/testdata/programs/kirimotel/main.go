// A program that uses the released module for OpenTelemetry.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel"
)

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer server.Close()
	client, err := kirim.NewClient("kdv_live_example", kirim.WithBaseURL(server.URL+"/v1"), kirimotel.WithTelemetry())
	if err != nil {
		log.Panic(err)
	}
	if _, err := client.Me(context.Background()); !kirim.IsPermission(err) {
		log.Panic(err)
	}
	kirim.NewWebhookHandler(nil, kirimotel.WithWebhookTelemetry())
	fmt.Println(len(kirimotel.Instruments()) > 0)
}
