// The side of WhatsApp, with node's crypto, which is OpenSSL and shares no code
// with the package under test. It reads a JSON array of requests from stdin and
// writes an array of results to stdout:
//
//   {"payload", "response"}      encrypts a payload as a phone does, signs it as
//                                Meta does, and encrypts the response that it
//                                expects as an endpoint does
//   {"aes_key", "iv", "body"}    decrypts the body of a response as a phone does
//   {"file"}                     encrypts a file as a phone does
//
// The payloads and files that vectors.json has are those of inputs.json:
//
//   node client.mjs < inputs.json > vectors.json
import { createCipheriv, createDecipheriv, createHash, createHmac, constants, publicEncrypt, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

const publicKey = readFileSync(new URL("test_public_key.pem", import.meta.url));
const appSecret = "app-secret-of-the-tests";

const seal = (key, iv, text) => {
  const cipher = createCipheriv("aes-128-gcm", key, iv, { authTagLength: 16 });
  return Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
};
const inverted = (iv) => Buffer.from(iv.map((b) => b ^ 0xff));

function request({ name, payload, response }) {
  const key = randomBytes(16);
  const iv = randomBytes(16);
  const wrapped = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" }, key);
  const body = JSON.stringify({
    encrypted_flow_data: seal(key, iv, payload),
    encrypted_aes_key: wrapped.toString("base64"),
    initial_vector: iv.toString("base64"),
  });
  return {
    name,
    body,
    signature: "sha256=" + createHmac("sha256", appSecret).update(body).digest("hex"),
    aes_key: key.toString("base64"),
    iv: iv.toString("base64"),
    response,
    sealed_response: response && seal(key, inverted(iv), response),
  };
}

function open({ aes_key, iv, body }) {
  const sealed = Buffer.from(body, "base64");
  const decipher = createDecipheriv("aes-128-gcm", Buffer.from(aes_key, "base64"), inverted(Buffer.from(iv, "base64")), { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return { plain: Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString("utf8") };
}

function media({ name, file }) {
  const [key, hmacKey, iv] = [randomBytes(32), randomBytes(32), randomBytes(16)];
  const hash = (data) => createHash("sha256").update(data).digest("base64");
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const ciphertext = Buffer.concat([cipher.update(file, "utf8"), cipher.final()]);
  const mac = createHmac("sha256", hmacKey).update(iv).update(ciphertext).digest().subarray(0, 10);
  const sealed = Buffer.concat([ciphertext, mac]);
  return {
    name,
    file,
    sealed_file: sealed.toString("base64"),
    metadata: {
      encrypted_hash: hash(sealed),
      iv: iv.toString("base64"),
      encryption_key: key.toString("base64"),
      hmac_key: hmacKey.toString("base64"),
      plaintext_hash: hash(file),
    },
  };
}

const inputs = JSON.parse(readFileSync(0, "utf8"));
const results = inputs.map((i) => ("payload" in i ? request(i) : "file" in i ? media(i) : open(i)));
process.stdout.write(JSON.stringify(results, null, 1) + "\n");
