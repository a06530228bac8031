package kirimtest

import (
	"net/http"
	"regexp"
	"strings"
)

// getNode handles GET /{version}/{id}, for whatever has the id. state.mu is held.
func getNode(x *exchange) *reply {
	st, id := &x.s.state, x.params[1]
	if n, found := st.numbers[id]; found && n.ID == id {
		return &reply{status: http.StatusOK, data: x.fieldsOf(viewMetaNumber(n))}
	}
	if id == x.s.WABAID {
		return &reply{status: http.StatusOK, data: x.fieldsOf(map[string]any{
			"id": id, "name": "Sandbox", "timezone_id": "65", "message_template_namespace": "sandbox", "account_review_status": "APPROVED",
		})}
	}
	if t := st.templateByMetaID(id); t != nil {
		t.settle(x.now())
		return &reply{status: http.StatusOK, data: x.fieldsOf(viewMetaTemplate(t, x.r.URL.Query().Get("fields")))}
	}
	if f := st.metaFile(id, x.r.URL.Query().Get("phone_number_id"), x.now()); f != nil {
		return getMetaMedia(x, f)
	}
	return failed(noObject())
}

// editNode handles POST /{version}/{id}: templates can be edited, and numbers get a
// PIN. state.mu is held.
func editNode(x *exchange) *reply {
	if n, found := x.s.state.numbers[x.params[1]]; found && n.ID != "" {
		o, err := x.object()
		if err != nil {
			return failed(asMetaParameter(err))
		}
		v := x.metaChecker()
		pin := v.pin(o)
		if v.err != nil {
			return failed(asMetaParameter(v.err))
		}
		x.s.state.meta.pins[n.ID] = pin
		return success()
	}
	if t := x.s.state.templateByMetaID(x.params[1]); t != nil {
		return editMetaTemplate(x, t)
	}
	return failed(noObject())
}

// deleteNode handles DELETE /{version}/{id}: only files can be deleted.
// state.mu is held.
func deleteNode(x *exchange) *reply {
	if f := x.s.state.metaFile(x.params[1], x.r.URL.Query().Get("phone_number_id"), x.now()); f != nil {
		return deleteMetaMedia(x, f)
	}
	return failed(noObject())
}

// viewMetaNumber is a number as Meta shows it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
func viewMetaNumber(n PhoneNumber) map[string]any {
	return map[string]any{
		"id": n.ID, "display_phone_number": n.Number, "verified_name": n.Name, "quality_rating": "GREEN", "status": strings.ToUpper(n.Status),
		"code_verification_status": "VERIFIED", "name_status": "APPROVED", "platform_type": "CLOUD_API", "account_mode": "SANDBOX",
		"throughput": map[string]string{"level": "STANDARD"},
	}
}

// listPhoneNumbers handles GET /{version}/{waba-id}/phone_numbers.
func listPhoneNumbers(x *exchange) *reply {
	list := []any{}
	for _, key := range x.s.state.accounts {
		if n := x.s.state.numbers[key]; n.ID != "" {
			list = append(list, x.fieldsOf(viewMetaNumber(n)))
		}
	}
	return &reply{status: http.StatusOK, data: mustJSON(map[string]any{"data": list})}
}

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

func (v *checker) pin(o map[string]any) string {
	pin := v.text(o, "", "pin", 1, 0)
	if !sixDigits.MatchString(pin) {
		v.invalid("", "pin", "The PIN must have six digits.")
	}
	return pin
}

// registerNumber handles POST /{version}/{phone-number-id}/register. The first PIN
// that a number is registered with stays its PIN, until another is set.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration
func registerNumber(x *exchange, n PhoneNumber) *reply {
	o, err := x.object()
	if err != nil {
		return failed(asMetaParameter(err))
	}
	v := x.metaChecker()
	v.oneOf(o, "", "messaging_product", "whatsapp")
	pin := v.pin(o)
	if v.err != nil {
		return failed(asMetaParameter(v.err))
	}
	st := &x.s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	if known := st.meta.pins[n.ID]; known != "" && known != pin {
		return failed(metaFail(133005, "The PIN is not that of the phone number."))
	}
	st.meta.pins[n.ID] = pin
	n.Status = connected
	st.numbers[n.ID] = n
	return success()
}

// deregisterNumber handles POST /{version}/{phone-number-id}/deregister.
func deregisterNumber(x *exchange, n PhoneNumber) *reply {
	st := &x.s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	n.Status = "disconnected"
	st.numbers[n.ID] = n
	return success()
}
