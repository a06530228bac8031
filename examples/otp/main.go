// Otp creates an authentication template, waits for Meta to approve it, and
// sends the code of each login once. It never logs a code. With a sandbox:
//
//	go run ./examples/otp
//
// With KIRIM_API_KEY and KIRIM_PHONE_NUMBER_ID set it talks to the real API:
// it creates the template shop_code (id) if need be, and writes to KIRIM_TO.
package main

//go:generate go run -C ../../cmd/kirim . templates generate --dir $PWD/templates --out $PWD/tpl/tpl.go

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"math/big"
	"os"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/examples/otp/tpl"
	"github.com/kirim-go/kirim/kirimtest"
)

// login is one attempt to log in, as it is stored before anything is sent: a
// repeat must carry the same code. "Send me a new code" is a new login.
type login struct{ id, phone, code string }

func newLogin(id, phone string) login {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000)) // the reader never fails
	return login{id, phone, fmt.Sprintf("%06d", n)}
}

// prepare makes sure, when the program starts, that codes can be sent. Meta
// approves authentication templates by itself, in a moment.
func prepare(ctx context.Context, number *kirim.PhoneNumber, name string) error {
	params := kirim.DefineOneTimeCode(name, "id", kirim.OneTimeCodeOptions{SecurityRecommendation: true, ExpirationMinutes: 5})
	if _, err := number.Templates.Create(ctx, params); err != nil && !errors.Is(err, kirim.CodeTemplateAlreadyExists) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	_, err := number.Templates.WaitApproved(ctx, name, "id")
	if e := (*kirim.TemplateNotApprovedError)(nil); errors.As(err, &e) && e.Template != nil && e.Template.Status == kirim.TemplateRejected {
		return fmt.Errorf("send codes by SMS, and create a better template under another name: %w", err)
	}
	return err
}

// send sends the code of a login. The key is made of the login's id: an
// impatient second tap, or this program restarted, does not send it twice.
func send(ctx context.Context, number *kirim.PhoneNumber, l login) string {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second) // somebody is looking at the screen
	defer cancel()
	var r kirim.Response
	_, err := number.Messages.Send(ctx, tpl.NewShopCode(l.code).To(l.phone), kirim.WithIdempotencyKey("login:"+l.id), kirim.WithResponse(&r))
	switch {
	case err == nil && r.Replayed:
		return "the code is on its way already"
	case err == nil:
		return "the code is on its way"
	case kirim.IsInvalidRecipient(err), errors.Is(err, kirim.KindRecipientUnavailable):
		return "ask for another number: " + err.Error()
	case kirim.IsTemplateUnavailable(err), errors.Is(err, kirim.KindTemplateNotFound):
		return "send the code by SMS, and wake somebody: " + err.Error()
	case kirim.MaybeSent(err), kirim.IsTemporary(err):
		return "the code may arrive; if not, repeat this login, not a new one: " + err.Error()
	}
	return "the code was not sent: " + err.Error()
}

func main() {
	if err := run(context.Background(), log.New(os.Stdout, "", 0)); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out *log.Logger, opts ...kirimtest.Option) error {
	if id := os.Getenv("KIRIM_PHONE_NUMBER_ID"); id != "" && os.Getenv("KIRIM_API_KEY") != "" {
		if os.Getenv("KIRIM_TO") == "" {
			return errors.New("KIRIM_TO is not set: it is the number to write to, in E.164, such as +6281100000001")
		}
		client, err := kirim.NewClientFromEnv()
		if err != nil {
			return err
		}
		if err := prepare(ctx, client.PhoneNumber(id), "shop_code"); err != nil {
			return err
		}
		out.Print(send(ctx, client.PhoneNumber(id), newLogin(rand.Text(), os.Getenv("KIRIM_TO"))))
		return nil
	}
	sandbox := kirimtest.NewServer(opts...)
	defer sandbox.Close()
	client, err := sandbox.Client()
	if err != nil {
		return err
	}
	number := client.PhoneNumber(sandbox.PhoneNumberID)
	try := func(who string, l login) { out.Printf("%-28s %s", who, send(ctx, number, l)) }
	sandbox.AddTemplate(kirimtest.Template{Name: "rejected", Language: "id", Category: "AUTHENTICATION", Status: kirimtest.TemplateRejected})
	out.Printf("%-28s %v", "Meta rejects the template:", prepare(ctx, number, "rejected"))
	if err := prepare(ctx, number, "shop_code"); err != nil {
		return err
	}
	ana, budi := newLogin("A-1", "+6281100000001"), newLogin("A-2", "+6281100000002")
	try("Ana logs in:", ana)
	try("Ana taps again:", ana)
	sandbox.AddFault(kirimtest.Fault{Processed: true, Status: 502, Times: 4})
	try("Budi; every answer is lost:", budi)
	try("Budi taps again:", budi)
	try("Cici mistypes her number:", newLogin("A-3", "0811"))
	sandbox.SetTemplateStatus("shop_code", kirimtest.TemplatePaused) //nolint:contextcheck // it takes none
	try("Dewi; template is paused:", newLogin("A-4", "+6281100000004"))
	out.Printf("Ana got %d code, Budi %d.", sandbox.Processed("login:A-1"), sandbox.Processed("login:A-2"))
	return nil
}
