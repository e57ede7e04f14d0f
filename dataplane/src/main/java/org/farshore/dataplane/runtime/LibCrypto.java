package org.farshore.dataplane.runtime;

import com.sun.jna.Native;

/**
 * The calls of OpenSSL's libcrypto that the product makes, one method a C function, no logic. Direct mapping with
 * primitives: nothing is allocated per call; pointers are addresses as {@code long}. Results are OpenSSL's: 1 for success.
 * Any thread, but one context belongs to one thread.
 */
public final class LibCrypto {
    /** EVP_CIPHER_CTX_ctrl: copy the authentication tag out. */
    public static final int EVP_CTRL_AEAD_GET_TAG = 0x10;

    private static final String[] NAMES = {"libcrypto.so.3", "libcrypto.so.1.1", "crypto"};

    static {
        register();
    }

    private LibCrypto() {}

    /** A new cipher context; 0 when memory is short. */
    public static native long EVP_CIPHER_CTX_new();

    /** Frees a context and wipes its key. */
    public static native void EVP_CIPHER_CTX_free(long context);

    /** The AES-256-GCM cipher. */
    public static native long EVP_aes_256_gcm();

    /** Sets cipher, key and nonce; 0 keeps what an earlier call set. */
    public static native int EVP_EncryptInit_ex(long context, long cipher, long engine, long key, long nonce);

    /** Feeds data; with {@code out} 0 it is authenticated only. {@code outLength} is the address of an int. */
    public static native int EVP_EncryptUpdate(long context, long out, long outLength, long in, int inLength);

    /** Ends the message. */
    public static native int EVP_EncryptFinal_ex(long context, long out, long outLength);

    /** Reads or sets a parameter of the context. */
    public static native int EVP_CIPHER_CTX_ctrl(long context, int type, int argument, long pointer);

    private static void register() {
        UnsatisfiedLinkError missing = null;
        for (final String name : NAMES) {
            try {
                Native.register(LibCrypto.class, name);
                return;
            } catch (final UnsatisfiedLinkError e) {
                missing = e;
            }
        }
        throw new FarshoreException(
                ExitCode.PRIVILEGE, "OpenSSL's libcrypto is missing (Debian package libssl3): " + missing.getMessage());
    }
}
