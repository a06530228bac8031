package kirim

import (
	"encoding/json"
	"errors"
	"fmt"
)

// contentDecoders read the object of a content, by the type of the message.
// They return errNotTyped where the type would lose a part of it.
var contentDecoders = map[string]func([]byte) (Content, error){
	"text":        decodeAs[Text],
	"image":       decodeAs[Image],
	"video":       decodeAs[Video],
	"audio":       decodeAs[Audio],
	"document":    decodeAs[Document],
	"sticker":     decodeAs[Sticker],
	"location":    decodeAs[Location],
	"contacts":    decodeAs[Contacts],
	"reaction":    decodeAs[Reaction],
	"pin":         decodePin,
	"interactive": decodeInteractive,
	"template":    decodeTemplate,
}

// interactiveDecoders do the same for the object of an interactive message, by
// its type in Meta's words.
var interactiveDecoders = map[string]func([]byte) (Content, error){
	metaReplyButtons:          decodeInteractiveAs(ReplyButtons{}.typed),
	kindReplyButtons:          decodeInteractiveAs(ReplyButtons{}.typed),
	kindList:                  decodeInteractiveAs(List{}.typed),
	kindCTAURL:                decodeInteractiveAs(CTAURL{}.typed),
	kindCarousel:              decodeCarousel,
	kindLocationRequest:       decodeInteractiveAs(LocationRequest{}.typed),
	kindAddressRequest:        decodeInteractiveAs(AddressRequest{}.typed),
	kindCallPermissionRequest: decodeInteractiveAs(CallPermissionRequest{}.typed),
	kindVoiceCall:             decodeInteractiveAs(VoiceCall{}.typed),
	kindFlow:                  decodeInteractiveAs(Flow{}.typed),
	kindProduct:               decodeInteractiveAs(Product{}.typed),
	kindProductList:           decodeInteractiveAs(ProductList{}.typed),
	kindCatalog:               decodeInteractiveAs(Catalog{}.typed),
	kindOrderDetails:          decodeInteractiveAs(OrderDetails{}.typed),
	kindOrderStatus:           decodeInteractiveAs(OrderStatus{}.typed),
}

func decodeContent(kind string, object json.RawMessage) (Content, error) {
	// The encoder's own spelling: what is read from it encodes to the same bytes.
	object, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	decode := contentDecoders[kind]
	switch {
	case string(object) == "null":
		return nil, fmt.Errorf("%s is null", kind)
	case decode == nil:
		return Raw{Type: kind, Object: object}, nil
	case object[0] != '{' && kind != "contacts":
		return nil, fmt.Errorf("%s is not an object", kind)
	}
	content, err := decode(object)
	if errors.Is(err, errNotTyped) {
		return Raw{Type: kind, Object: object}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	return content, nil
}

// decodeInteractive decodes the object by its type.
func decodeInteractive(object []byte) (Content, error) {
	var head struct {
		Type *string `json:"type"`
	}
	if json.Unmarshal(object, &head) != nil || head.Type == nil {
		return nil, &shapeError{path: "type", want: "a string"}
	}
	decode := interactiveDecoders[*head.Type]
	if decode == nil {
		return nil, errNotTyped
	}
	return decode(object)
}

func decodeAs[T Content](object []byte) (Content, error) {
	var content T
	if err := decodeStrict(object, &content); err != nil {
		return nil, err
	}
	return content, nil
}
