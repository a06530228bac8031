package cloudapi_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/kirimtest"
)

func TestTheSandboxKeepsFilesAsMetaDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sandbox, from := inSandbox(t)
		files, ctx := from.Media(), t.Context()
		in := sandbox.Receive(kirimtest.Inbound{From: customer, Media: &kirimtest.Media{Data: []byte("a photo"), ContentType: "image/jpeg"}})
		data := "%PDF-1.7 an invoice"
		stored, err := files.Upload(ctx, cloudapi.UploadParams{MIMEType: "application/pdf"}, strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		invoice := kirim.OutboundMessage{To: customer, Content: kirim.Document{ID: stored.ID, Filename: "invoice.pdf"}}
		if _, err := from.Send(ctx, invoice); err != nil {
			t.Error(err)
		}
		for id, want := range map[string]string{stored.ID: data, in.ID: "a photo"} {
			var got bytes.Buffer
			if info, err := files.Download(ctx, id, &got, cloudapi.DownloadParams{}); err != nil || got.String() != want || info.Size != int64(len(want)) {
				t.Errorf("%q, %+v, %v", got.String(), info, err)
			}
		}
		time.Sleep(30 * 24 * time.Hour)
		sandbox.Receive(kirimtest.Inbound{From: customer})
		if _, err := from.Send(ctx, invoice); err == nil {
			t.Error("the file has expired, but was sent")
		}
		if _, err := files.Get(ctx, in.ID); err == nil {
			t.Error("the customer's file has expired, but is there")
		}
	})
}
