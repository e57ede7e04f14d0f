package org.farshore.control.cli;

import java.nio.file.Path;
import org.farshore.dataplane.runtime.HumanText;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The command line of {@code farshore demo}. */
final class DemoOptions {
    /** Which capture the agent is told to use. */
    enum Capture {
        EBPF,
        SCAN,
        AUTO;

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    static final int VOLUMES_MAX = 8;
    private static final int SECONDS_MIN = 5;
    private static final int SECONDS_MAX = 86_400;
    private static final long SIZE_MIN = 64L << 20;
    private static final long SIZE_MAX = 1L << 40;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "How long the workload runs (default ${DEFAULT-VALUE}).")
    int seconds = 60;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description = "Size of each disk that is made, such as 512m or 1g (default 1g).")
    long size = 1L << 30;

    @Option(
            names = "--volumes",
            paramLabel = "N",
            description = "How many disks, each with its own filesystem and workload (default ${DEFAULT-VALUE}).")
    int volumes = 1;

    @Option(
            names = "--device",
            paramLabel = "/dev/...",
            description =
                    "Take this block device instead of making a disk. IT IS FORMATTED. Refused when it is mounted or"
                            + " bears any signature.")
    Path device;

    @Option(names = "--erase", description = "With --device: format it although it bears a signature.")
    boolean erase;

    @Option(
            names = "--capture",
            paramLabel = "KIND",
            converter = CaptureConverter.class,
            description =
                    "ebpf: from inside the kernel. scan: by comparing checksums, without root. auto (default): ebpf"
                            + " where it may.")
    Capture capture = Capture.AUTO;

    @Option(names = "--no-kill", description = "Do not kill the process server in the middle.")
    boolean noKill;

    @Option(names = "--json", description = "One JSON object on standard output, progress on standard error.")
    boolean json;

    @Option(
            names = "--keep",
            paramLabel = "DIR",
            description = "Work in this new or empty directory and leave journal, replicas, settings and logs there.")
    Path keep;

    /** The first thing that is wrong with the options together, or an empty text. */
    String complaint() {
        if (seconds < SECONDS_MIN || seconds > SECONDS_MAX) {
            return "--seconds must lie between " + SECONDS_MIN + " and " + SECONDS_MAX;
        }
        if (size < SIZE_MIN || size > SIZE_MAX) {
            return "--size must lie between " + HumanText.bytes(SIZE_MIN) + " and " + HumanText.bytes(SIZE_MAX);
        }
        if (volumes < 1 || volumes > VOLUMES_MAX) {
            return "--volumes must lie between 1 and " + VOLUMES_MAX;
        }
        if (device != null && volumes > 1) {
            return "--device is one volume; leave --volumes away";
        }
        if (erase && device == null) {
            return "--erase belongs to --device";
        }
        if (device != null && !device.isAbsolute()) {
            return "--device wants the full path of a block device, such as /dev/sdx";
        }
        return "";
    }

    private static final class SizeConverter implements ITypeConverter<Long> {
        @Override
        public Long convert(final String text) {
            try {
                final long mebibyte = 1L << 20;
                return HumanText.parseBytes(text) / mebibyte * mebibyte;
            } catch (final IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    private static final class CaptureConverter implements ITypeConverter<Capture> {
        @Override
        public Capture convert(final String text) {
            for (final Capture capture : Capture.values()) {
                if (capture.toString().equals(text)) {
                    return capture;
                }
            }
            throw new TypeConversionException(text + " is none of ebpf, scan, auto");
        }
    }
}
