package org.farshore.agent.capture;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * libbpf, one method for each C function that is used, no logic. Direct mapping: calls with primitives allocate nothing.
 * Functions that return an int return a negative errno, those that return a pointer null with errno set
 * ({@link Native#getLastError()}). Lengths in bytes. The first use fails with {@link UnsatisfiedLinkError} where libbpf is
 * not installed; {@link KernelFeatures} looks first.
 */
final class LibBpf {
    /** The library's name; version 1 and later. */
    static final String LIBRARY = "libbpf.so.1";
    /** bpf_map_update_elem(): make or replace. */
    static final long BPF_ANY = 0;

    static {
        Native.register(LibBpf.class, NativeLibrary.getInstance(LIBRARY));
    }

    private LibBpf() {}

    static native Pointer bpf_object__open_mem(Pointer bytes, long length, Pointer options);

    static native int bpf_object__load(Pointer object);

    static native void bpf_object__close(Pointer object);

    static native Pointer bpf_object__find_map_by_name(Pointer object, String name);

    static native Pointer bpf_object__find_program_by_name(Pointer object, String name);

    static native int bpf_map__set_max_entries(Pointer map, int count);

    static native int bpf_map__fd(Pointer map);

    static native int bpf_map__pin(Pointer map, String path);

    static native int bpf_program__pin(Pointer program, String path);

    static native Pointer bpf_program__attach(Pointer program);

    static native int bpf_link__pin(Pointer link, String path);

    static native int bpf_link__destroy(Pointer link);

    static native int bpf_obj_get(String path);

    static native int bpf_obj_get_info_by_fd(int fd, long info, long lengthAddress);

    static native int bpf_map_update_elem(int fd, long key, long value, long flags);

    static native int bpf_map_delete_elem(int fd, long key);
}
