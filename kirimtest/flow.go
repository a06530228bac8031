package kirimtest

import (
	"bytes"
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
)

// Flow is a WhatsApp Flow that the sandbox's page can open: see [Server.PutFlow].
type Flow struct {
	// ID and Name are what messages name the flow by: flow_id and flow_name. One of
	// them may be empty, and is then the same as the other.
	ID   string
	Name string

	// JSON is the definition of the flow: Flow JSON.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowjson
	JSON json.RawMessage

	// Endpoint is the URL of the flow's data endpoint; empty for a flow without one.
	Endpoint string

	// PublicKey is that of the endpoint, in PEM. The default is the one that was
	// registered for the phone number through Meta's API; see [Server.FlowKey].
	PublicKey string

	// AppSecret signs the requests to the endpoint. The default is Server.AppSecret.
	AppSecret string
}

// PutFlow adds a flow, or replaces the one with the same ID. The sandbox accepts
// messages that open any flow, also one that it does not know: the flow is for the page
// of package inspector, which then shows its screens. The JSON is not checked here. When
// there are more flows than [Limits] has objects, the oldest is dropped.
func (s *Server) PutFlow(f Flow) {
	f.ID, f.Name = cmp.Or(f.ID, f.Name), cmp.Or(f.Name, f.ID)
	f.JSON = bytes.Clone(f.JSON)
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	st := &s.state
	if i := slices.IndexFunc(st.flows, func(known Flow) bool { return known.ID == f.ID }); i >= 0 {
		st.flows = slices.Clone(st.flows) // a state may have it
		st.flows[i] = f
	} else {
		st.flows = append(slices.Clone(st.flows), f)
	}
	if excess := len(st.flows) - st.limits.Objects; excess > 0 {
		st.flows = st.flows[excess:]
	}
	s.noteSettings()
}

// Flows returns the flows, in the order in which they were added. Do not change their
// JSON.
func (s *Server) Flows() []Flow {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	return slices.Clone(s.state.flows)
}

// DeleteFlow removes the flow with an ID, and reports whether there was one.
func (s *Server) DeleteFlow(id string) bool {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	before := len(s.state.flows)
	s.state.flows = slices.DeleteFunc(slices.Clone(s.state.flows), func(f Flow) bool { return f.ID == id })
	if len(s.state.flows) == before {
		return false
	}
	s.noteSettings()
	return true
}

// FlowKey returns the public key, in PEM, that was registered for the data of flows of
// a phone number, with POST whatsapp_business_encryption of Meta's API. It is empty
// where there is none.
func (s *Server) FlowKey(phoneNumberID string) string {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	return s.state.meta.flowKeys[phoneNumberID]
}

// getFlowKey handles GET /{version}/{phone-number-id}/whatsapp_business_encryption.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/whatsapp-business-encryption
func getFlowKey(x *exchange, n PhoneNumber) *reply {
	list := []any{}
	if key := x.s.FlowKey(n.ID); key != "" {
		list = append(list, map[string]string{"business_public_key": key, "business_public_key_signature_status": "VALID"})
	}
	return &reply{status: http.StatusOK, data: mustJSON(map[string]any{"data": list})}
}

// setFlowKey handles POST /{version}/{phone-number-id}/whatsapp_business_encryption,
// whose key is in a form, or in JSON.
func setFlowKey(x *exchange, n PhoneNumber) *reply {
	text := x.formValue("business_public_key")
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return failed(metaFail(100, "The parameter business_public_key must be a public key in PEM."))
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if key, isRSA := parsed.(*rsa.PublicKey); err != nil || !isRSA || key.N.BitLen() != 2048 {
		return failed(metaFail(100, "The parameter business_public_key must be an RSA key of 2048 bits."))
	}
	st := &x.s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	st.meta.flowKeys[n.ID] = text
	x.s.noteSettings()
	return success()
}

// formValue is a field of a body that is a form of either kind, or a JSON object; empty
// where there is none.
func (x *exchange) formValue(name string) string {
	kind, params, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type")) // what is no type is none of them
	switch kind {
	case "multipart/form-data":
		form, err := multipart.NewReader(bytes.NewReader(x.body), params["boundary"]).ReadForm(1 << 20)
		if err != nil {
			return ""
		}
		defer form.RemoveAll() //nolint:errcheck // nothing of it is on the disk
		if values := form.Value[name]; len(values) > 0 {
			return values[0]
		}
	case "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(x.body))
		if err == nil {
			return values.Get(name)
		}
	default:
		if o, err := x.object(); err == nil {
			text, _ := o[name].(string)
			return text
		}
	}
	return ""
}
