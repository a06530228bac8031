package main

import (
	"io"
	"log"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func TestEachLoginGetsOneCodeAndTheLogNone(t *testing.T) {
	t.Setenv("KIRIM_API_KEY", "")
	var out strings.Builder
	synctest.Test(t, func(t *testing.T) {
		if err := run(t.Context(), log.New(&out, "", 0), kirimtest.WithoutListener()); err != nil {
			t.Fatal(err)
		}
	})
	for _, want := range []string{
		`(?m)^Meta rejects the template: +send codes by SMS, and create a better template under another name: .*it is rejected$`,
		`(?m)^Ana logs in: +the code is on its way$`,
		`(?m)^Ana taps again: +the code is on its way already$`,
		`(?m)^Budi; every answer is lost: +the code may arrive; if not, repeat this login, not a new one: .*502`,
		`(?m)^Budi taps again: +the code is on its way already$`,
		`(?m)^Cici mistypes her number: +ask for another number: `,
		`(?m)^Dewi; template is paused: +send the code by SMS, and wake somebody: .*template_paused`,
		`(?m)^Ana got 1 code, Budi 1\.$`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("the output lacks %s:\n%s", want, out.String())
		}
	}
}

func TestACodeIsInTheMessageAndNowhereElse(t *testing.T) {
	t.Parallel()
	sandbox := kirimtest.Start(t)
	client, err := sandbox.Client(kirim.WithRetryPolicy(kirim.RetryPolicy{MaxRetries: 0}))
	if err != nil {
		t.Fatal(err)
	}
	number := client.PhoneNumber(sandbox.PhoneNumberID)
	if err := prepare(t.Context(), number, "shop_code"); err != nil {
		t.Fatal(err)
	}
	ana := newLogin("A-1", "+6281100000001")
	if !regexp.MustCompile(`^\d{6}$`).MatchString(ana.code) {
		t.Errorf("a code of %d characters", len(ana.code))
	}
	said := send(t.Context(), number, ana)
	for _, fault := range []kirimtest.Fault{
		{Status: 500}, {Status: 401}, {Status: 403}, {Status: 429}, {Status: 400, Code: "invalid_phone_number", Message: ana.code},
	} {
		sandbox.AddFault(fault)
		said += send(t.Context(), number, ana)
	}
	if strings.Contains(said, ana.code) || strings.Contains(said, ana.phone) {
		t.Errorf("the code or the number is in %q", said)
	}
	if body := string(sandbox.Messages()[0].Body); strings.Count(body, ana.code) != 2 || len(sandbox.Messages()) != 1 {
		t.Errorf("the code is not in the body and in the button of one message")
	}
}

func TestTheNumberToWriteToIsNamedWhenItIsMissing(t *testing.T) {
	t.Setenv("KIRIM_API_KEY", "kdv_live_test")
	t.Setenv("KIRIM_PHONE_NUMBER_ID", "106540352242922")
	t.Setenv("KIRIM_TO", "")
	if err := run(t.Context(), log.New(io.Discard, "", 0)); err == nil || !strings.Contains(err.Error(), "KIRIM_TO is not set") {
		t.Errorf("the error is %v", err)
	}
}
