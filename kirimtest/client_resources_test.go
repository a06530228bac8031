package kirimtest_test

import (
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func clientOf(t *testing.T, s *kirimtest.Server) *kirim.Client {
	t.Helper()
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func TestSDKReadsEveryPage(t *testing.T) {
	t.Parallel()
	s := kirimtest.Start(t, kirimtest.WithoutListener())
	for i := range 30 {
		s.Receive(kirimtest.Inbound{From: fmt.Sprintf("+6280000000%02d", i)})
	}
	contacts, n := clientOf(t, s).PhoneNumber(s.PhoneNumberID).Contacts, 0
	for contact, err := range contacts.All(t.Context(), kirim.ContactListParams{Limit: 7}) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("+6280000000%02d", 29-n); contact.PhoneNumber != want {
			t.Errorf("contact %d is %s", n, contact.PhoneNumber)
		}
		n++
	}
	if n != 30 {
		t.Errorf("%d contacts", n)
	}
}

func TestSDKDownloadsMedia(t *testing.T) {
	t.Parallel()
	s := kirimtest.Start(t)
	in := s.Receive(kirimtest.Inbound{From: customer, Media: &kirimtest.Media{Data: []byte("%PDF"), ContentType: "application/pdf", Filename: "invoice.pdf"}})
	messages := clientOf(t, s).PhoneNumber(s.PhoneNumberID).Messages
	media, err := messages.Media(t.Context(), in.ID, kirim.MediaParams{})
	if err != nil {
		t.Fatal(err)
	}
	defer media.Close()
	content, err := io.ReadAll(media)
	if err != nil || string(content) != "%PDF" || media.ContentType != "application/pdf" || media.Filename != "invoice.pdf" {
		t.Errorf("%q %v %+v", content, err, media)
	}
	m, err := messages.Get(t.Context(), in.ID)
	if err != nil || m.Type != "document" || m.Filename != "invoice.pdf" || m.WAMID != in.WAMID {
		t.Errorf("%+v %v", m, err)
	}
	text := s.Receive(kirimtest.Inbound{From: customer, Text: "hi"})
	if _, err := messages.Media(t.Context(), text.ID, kirim.MediaParams{}); !kirim.IsNotFound(err) {
		t.Errorf("a text has a file: %v", err)
	}
}

func TestSDKWaitsForTheReviewOfATemplate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := kirimtest.Start(t, kirimtest.WithoutListener())
		s.SetTemplateReview(time.Hour, kirimtest.TemplateApproved)
		templates := clientOf(t, s).PhoneNumber(s.PhoneNumberID).Templates
		created, err := templates.Create(t.Context(), kirim.TemplateCreateParams{
			Name: "order_ready", Category: kirim.TemplateUtility, Language: "en",
			Components: []kirim.ComponentDefinition{kirim.DefineBody("Order {{1}}", "A-17")},
		})
		if err != nil || created.Status != kirim.TemplatePending {
			t.Fatalf("%+v %v", created, err)
		}
		start := time.Now()
		approved, err := templates.WaitApproved(t.Context(), "order_ready", "en")
		if err != nil || approved.ID != created.ID || time.Since(start) < time.Hour {
			t.Errorf("%+v %v after %v", approved, err, time.Since(start))
		}
	})
}

func TestSDKOnboardsACustomer(t *testing.T) {
	t.Parallel()
	s := kirimtest.Start(t, kirimtest.WithoutListener())
	customers := clientOf(t, s).Customers
	ana, err := customers.Create(t.Context(), kirim.CustomerCreateParams{Name: "Toko Ana"})
	if err != nil {
		t.Fatal(err)
	}
	link, err := customers.CreateSetupLink(t.Context(), ana.ID, kirim.SetupLinkCreateParams{SuccessRedirectURL: "https://example.com/done"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CompleteSetup(link.SetupURL, kirimtest.PhoneNumber{ID: "333333333", Number: "+628111222333"}); err != nil {
		t.Fatal(err)
	}
	got, err := customers.Get(t.Context(), ana.ID)
	if err != nil || got.Status != "active" || len(got.WhatsAppAccounts) != 1 {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := customers.RevokeSetupLink(t.Context(), ana.ID, link.ID); !kirim.IsConflict(err) {
		t.Errorf("a used link was revoked: %v", err)
	}
}
