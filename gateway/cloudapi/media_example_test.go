package cloudapi_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

// metaForExamples stands in for Meta: it stores "hello" and gives handles.
func metaForExamples() *httptest.Server {
	const sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of "hello"
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/file":
			io.WriteString(w, "hello")
		case r.Method == http.MethodGet:
			fmt.Fprintf(w, `{"id":"29","url":"http://%s/file","mime_type":"text/plain","sha256":"%s","file_size":5}`, r.Host, sum)
		case strings.HasSuffix(r.URL.Path, "/uploads"):
			io.WriteString(w, `{"id":"upload:EXAMPLE?sig=EXAMPLE"}`)
		case r.Header.Get("file_offset") != "":
			io.Copy(io.Discard, r.Body)
			io.WriteString(w, `{"h":"4:EXAMPLE"}`)
		case strings.HasSuffix(r.URL.Path, "/media"):
			io.Copy(io.Discard, r.Body)
			io.WriteString(w, `{"id":"4490000000000001"}`)
		default:
			io.WriteString(w, `{"messages":[{"id":"wamid.EXAMPLE"}]}`)
		}
	}))
}

func ExampleMediaService_Upload() {
	meta := metaForExamples()
	defer meta.Close()
	client, err := cloudapi.NewClient("EAAG_EXAMPLE", kirim.WithBaseURL(meta.URL+"/v25.0"))
	if err != nil {
		log.Fatal(err)
	}
	from, ctx := client.PhoneNumber("200000000000001"), context.Background()

	invoice := strings.NewReader("%PDF-1.7 …") // or a file
	stored, err := from.Media().Upload(ctx, cloudapi.UploadParams{MIMEType: "application/pdf", Filename: "invoice.pdf"}, invoice)
	if err != nil {
		log.Fatal(err)
	}
	sent, err := from.Send(ctx, kirim.OutboundMessage{
		To:      "+6281100000001",
		Content: kirim.Document{ID: stored.ID, Filename: "Invoice 7.pdf"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stored.ID, sent.WAMID)
	// Output: 4490000000000001 wamid.EXAMPLE
}

func ExampleMediaService_Download() {
	meta := metaForExamples()
	defer meta.Close()
	client, err := cloudapi.NewClient("EAAG_EXAMPLE", kirim.WithBaseURL(meta.URL+"/v25.0"))
	if err != nil {
		log.Fatal(err)
	}
	media := client.PhoneNumber("200000000000001").Media()
	// The id is in the webhook of a message.
	info, err := media.Download(context.Background(), "29", os.Stdout, cloudapi.DownloadParams{MaxBytes: 16 << 20})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(":", info.MIMEType, info.Size, "bytes")
	// Output: hello: text/plain 5 bytes
}

func ExampleUploadsService_Upload() {
	meta := metaForExamples()
	defer meta.Close()
	client, err := cloudapi.NewClient("EAAG_EXAMPLE", kirim.WithBaseURL(meta.URL+"/v25.0"))
	if err != nil {
		log.Fatal(err)
	}
	sample := strings.NewReader("…") // or a file
	handle, err := client.Uploads("700000000000001").Upload(context.Background(), cloudapi.SampleParams{MIMEType: "image/png", Filename: "sample.png"}, sample)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(handle)
	// Output: 4:EXAMPLE
}
