package flows

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const (
	// maxMedia is what a PhotoPicker or DocumentPicker lets a user select, 25,600 KiB.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/media_upload
	maxMedia = 25 << 20

	mediaKeyBytes = 32
	mediaMACBytes = 10 // of the HMAC-SHA256, behind the ciphertext
)

// ErrMedia is matched by the error of [DecryptMedia] for a file that is not the one
// that the user selected, or not whole.
var ErrMedia = errors.New("flows: media: the file does not match its metadata")

// Media is a file that a user selected with a PhotoPicker or a DocumentPicker, as it
// is in the data of a request, in a list:
//
//	var in struct {
//		Photos []flows.Media `json:"photos"`
//	}
//	err := request.Decode(&in)
//
// WhatsApp keeps the encrypted file for up to 20 days. Download it from URL and hand
// it to [DecryptMedia], not within the seconds that a request has. The file and its
// name come from the user: nothing says that they are harmless, or of the type that
// the name has.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/media_upload
type Media struct {
	ID         string        `json:"media_id"`
	URL        string        `json:"cdn_url"`
	FileName   string        `json:"file_name"`
	Encryption MediaMetadata `json:"encryption_metadata"`
}

// MediaMetadata says how a file was encrypted. In JSON each field is in base64.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/media_upload
type MediaMetadata struct {
	EncryptedHash []byte `json:"encrypted_hash"` // SHA-256 of the file at URL, 32 bytes
	IV            []byte `json:"iv"`             // 16 bytes
	EncryptionKey []byte `json:"encryption_key"` // 32 bytes
	HMACKey       []byte `json:"hmac_key"`
	PlaintextHash []byte `json:"plaintext_hash"` // SHA-256 of the decrypted file, 32 bytes
}

// Format shows nothing of the file, whatever the verb.
func (m Media) Format(f fmt.State, _ rune) { fmt.Fprint(f, "flows.Media") }

// LogValue shows nothing of the file, also as JSON.
func (m Media) LogValue() slog.Value { return slog.StringValue("flows.Media") }

// Format shows nothing of the keys, whatever the verb.
func (m MediaMetadata) Format(f fmt.State, _ rune) { fmt.Fprint(f, "flows.MediaMetadata") }

// LogValue shows nothing of the keys, also as JSON.
func (m MediaMetadata) LogValue() slog.Value { return slog.StringValue("flows.MediaMetadata") }

// DecryptMedia reads an encrypted file and returns what the user selected: AES-256
// in CBC mode, after the hash of the file and its HMAC were checked, and before the
// hash of the result is. A file that fails one of these matches [ErrMedia], and so
// does one of more than 25 MiB, the most that WhatsApp lets a user select. The whole
// file is in memory, twice for a moment.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/media_upload
func DecryptMedia(file io.Reader, m MediaMetadata) ([]byte, error) {
	for _, field := range []struct {
		name string
		has  int
		want int
	}{
		{"encrypted_hash", len(m.EncryptedHash), sha256.Size},
		{"iv", len(m.IV), aes.BlockSize},
		{"encryption_key", len(m.EncryptionKey), mediaKeyBytes},
		{"plaintext_hash", len(m.PlaintextHash), sha256.Size},
	} {
		if field.has != field.want {
			return nil, fmt.Errorf("flows: media: %s has %d bytes, not %d", field.name, field.has, field.want)
		}
	}
	switch {
	case len(m.HMACKey) == 0:
		return nil, errors.New("flows: media: hmac_key is empty")
	case file == nil:
		return nil, errors.New("flows: media: the reader is nil")
	}
	const most = maxMedia + aes.BlockSize + mediaMACBytes // padding is at most a block
	sealed, err := io.ReadAll(io.LimitReader(file, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("flows: media: the file cannot be read after %d bytes: %w", len(sealed), err)
	case len(sealed) > most:
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrMedia, most)
	case !hashed(sealed, m.EncryptedHash):
		return nil, fmt.Errorf("%w: encrypted_hash is of another file", ErrMedia)
	case len(sealed) < aes.BlockSize+mediaMACBytes || (len(sealed)-mediaMACBytes)%aes.BlockSize != 0:
		return nil, fmt.Errorf("%w: %d bytes are not whole blocks and a code of %d", ErrMedia, len(sealed), mediaMACBytes)
	}
	ciphertext, code := sealed[:len(sealed)-mediaMACBytes], sealed[len(sealed)-mediaMACBytes:]
	mac := hmac.New(sha256.New, m.HMACKey)
	mac.Write(m.IV)
	mac.Write(ciphertext)
	if !hmac.Equal(mac.Sum(nil)[:mediaMACBytes], code) {
		return nil, fmt.Errorf("%w: its authentication code is wrong", ErrMedia)
	}
	block, err := aes.NewCipher(m.EncryptionKey)
	if err != nil {
		return nil, fmt.Errorf("flows: media: %w", err)
	}
	plain := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(block, m.IV).CryptBlocks(plain, ciphertext)
	padding := int(plain[len(plain)-1]) // PKCS #7
	if padding == 0 || padding > aes.BlockSize || !bytes.HasSuffix(plain, bytes.Repeat([]byte{byte(padding)}, padding)) {
		return nil, fmt.Errorf("%w: its padding is wrong", ErrMedia)
	}
	plain = plain[:len(plain)-padding]
	if !hashed(plain, m.PlaintextHash) {
		return nil, fmt.Errorf("%w: plaintext_hash is of another file", ErrMedia)
	}
	return plain, nil
}

func hashed(data, hash []byte) bool {
	sum := sha256.Sum256(data)
	return subtle.ConstantTimeCompare(sum[:], hash) == 1
}
