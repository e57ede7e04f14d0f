package org.farshore.agent.capture;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The compiled programs on their way into the kernel: opened, sized, loaded, pinned, calibrated, attached. Used once, when a
 * capture is begun; what runs afterwards is held by its pins, not by this object.
 */
final class BpfPrograms implements AutoCloseable {
    /** Names of the maps that are pinned. */
    static final String RING = "ring";

    static final String STATE = "state";
    static final String LOST = "lost";
    static final String TODO = "todo";
    static final String SENT = "sent";
    static final String VOLUMES = "volumes";
    static final String BIOS = "bios";

    /** Names of the programs, in the order in which they are attached: none may see a write whose end would be missed. */
    static final String RQ_COMPLETE = "rq_complete";

    static final String BIO_COMPLETE = "bio_complete";
    static final String SUBMIT = "submit";

    private static final String CALIBRATE = "calibrate";
    private static final String CALIBRATION = "calibration";

    private static final int PAGE_STRUCT_LENGTH = 64;
    private static final int PAGE_STRUCT_SHIFT = 6;
    private static final int SEARCH_STEPS = 8192;
    private static final int SEARCH_LIMIT = 65_536;

    static final int PATTERN = 0;
    static final int PROCESS = 16;
    static final int FIRST_STEP = 24;
    static final int FOUND = 32;
    static final int PAGE_CONSTANT = 40;
    static final int PAGE_STRUCT_SIZE = 48;
    static final int READS = 56;

    private final Path directory;
    private final Memory bytes;
    private final Pointer object;

    /** Parses the object; nothing reaches the kernel yet. */
    BpfPrograms(final byte[] objectFile, final Path directory) {
        this.directory = directory;
        bytes = new Memory(objectFile.length);
        bytes.write(0, objectFile, 0, objectFile.length);
        object = notNull(LibBpf.bpf_object__open_mem(bytes, objectFile.length, null), "open the capture programs");
    }

    /** Sets how many entries a map has; for the ring, its bytes. */
    BpfPrograms size(final String map, final int entries) {
        check(LibBpf.bpf_map__set_max_entries(map(map), entries), "size map " + map);
        return this;
    }

    /** Hands everything to the kernel, which checks the programs. */
    BpfPrograms load() {
        check(LibBpf.bpf_object__load(object), "load the capture programs");
        return this;
    }

    void pinMap(final String name) {
        check(LibBpf.bpf_map__pin(map(name), pin(directory, name)), "pin map " + name);
    }

    /** Attaches a program and pins it and its link: it runs from here on, also when this process is gone. */
    void attachAndPin(final String name) {
        final Pointer program = program(name);
        final Pointer link = notNull(LibBpf.bpf_program__attach(program), "attach program " + name);
        check(LibBpf.bpf_program__pin(program, programPin(directory, name)), "pin program " + name);
        check(LibBpf.bpf_link__pin(link, linkPin(directory, name)), "pin the link of program " + name);
        LibBpf.bpf_link__destroy(link);
    }

    static String pin(final Path directory, final String map) {
        return directory.resolve(map).toString();
    }

    static String programPin(final Path directory, final String program) {
        return directory.resolve("program_" + program).toString();
    }

    static String linkPin(final Path directory, final String program) {
        return directory.resolve("link_" + program).toString();
    }

    /**
     * Finds out where the kernel has a page's bytes and notes it in the state, see {@code calibrate} in the C file.
     *
     * @param device read once or a few times, 4 KiB at its begin, with O_DIRECT.
     */
    void calibrate(final CaptureState state, final String device, final Entropy entropy) {
        final int pageLength = LinuxCalls.getpagesize();
        state.putInt(CaptureState.PAGE_SHIFT_OFFSET, Integer.numberOfTrailingZeros(pageLength) - PAGE_STRUCT_SHIFT);
        final int fd = LibBpf.bpf_map__fd(map(CALIBRATION));
        final long address = LinuxCalls.mapShared(
                fd, 0, pageLength, LinuxCalls.PROT_READ | LinuxCalls.PROT_WRITE, "the calibration");
        final Pointer link = notNull(LibBpf.bpf_program__attach(program(CALIBRATE)), "attach program " + CALIBRATE);
        try (BlockFile file = new ChannelBlockFiles().open(Path.of(device), BlockFiles.Mode.READ_DIRECT)) {
            final UnsafeBuffer calibration = new UnsafeBuffer(address, pageLength);
            search(calibration, file, entropy, ProcessHandle.current().pid());
            if (calibration.getLongVolatile(READS) == 0) {
                // In a process namespace of its own the kernel calls us by another number: look at everybody's reads.
                search(calibration, file, entropy, 0);
            }
            finish(calibration, state, device);
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.PRIVILEGE, "cannot read " + device + " for calibration: " + e.getMessage(), e);
        } finally {
            LibBpf.bpf_link__destroy(link);
            LinuxCalls.munmap(address, pageLength);
        }
    }

    private static void search(
            final UnsafeBuffer calibration, final BlockFile file, final Entropy entropy, final long process)
            throws IOException {
        final ByteBuffer page = BufferUtil.allocateDirectAligned(4096, 4096);
        long step = -SEARCH_STEPS / 2;
        for (int i = 1; Math.abs(step) < SEARCH_LIMIT && calibration.getLongVolatile(FOUND) == 0; i++) {
            page.clear();
            while (page.hasRemaining()) {
                page.putLong(entropy.nextLong());
            }
            page.flip();
            calibration.putBytes(PATTERN, page, 0, 16);
            calibration.putLong(FIRST_STEP, step);
            calibration.putLongVolatile(PROCESS, process);
            file.read(page, 0);
            // Around the known address first, then outwards, above and below by turns.
            step = (i & 1) == 1 ? (i + 1) / 2 * (long) SEARCH_STEPS - SEARCH_STEPS / 2 : -step - SEARCH_STEPS;
        }
        calibration.putLongVolatile(PROCESS, -1);
    }

    private static void finish(final UnsafeBuffer calibration, final CaptureState state, final String device) {
        final long structLength = calibration.getLong(PAGE_STRUCT_SIZE);
        if (calibration.getLongVolatile(FOUND) != 1 || structLength != PAGE_STRUCT_LENGTH) {
            throw new FarshoreException(
                    ExitCode.PRIVILEGE,
                    "capture by eBPF is not supported here: the kernel's map of memory was not understood (reads seen "
                            + calibration.getLong(READS) + " of " + device + ", struct page of " + structLength
                            + " bytes); capture by scan");
        }
        state.putLong(CaptureState.PAGE_CONSTANT_OFFSET, calibration.getLong(PAGE_CONSTANT));
    }

    private Pointer map(final String name) {
        return notNull(LibBpf.bpf_object__find_map_by_name(object, name), "find map " + name);
    }

    private Pointer program(final String name) {
        return notNull(LibBpf.bpf_object__find_program_by_name(object, name), "find program " + name);
    }

    private static Pointer notNull(final Pointer pointer, final String what) {
        if (pointer == null) {
            throw failure(what, Native.getLastError());
        }
        return pointer;
    }

    private static void check(final int result, final String what) {
        if (result < 0) {
            throw failure(what, -result);
        }
    }

    private static FarshoreException failure(final String what, final int errno) {
        return new FarshoreException(
                ExitCode.PRIVILEGE,
                "cannot " + what + ": errno " + errno
                        + "; needs Linux 5.17 with BTF, CAP_BPF, CAP_PERFMON and a bpffs directory of this user: see farshore doctor");
    }

    @Override
    public void close() {
        LibBpf.bpf_object__close(object);
        bytes.close();
    }
}
