package org.farshore.control.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Brings what changed in a folder into the ext4 filesystem of an image file, by {@code debugfs -w}: no mount, no root.
 * What changed is found by comparing lengths and times with those of the last round. One thread.
 */
final class ImageWriter {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Path image;
    private final Path folder;
    private Map<String, String> before = Map.of();

    ImageWriter(final Path image, final Path folder) {
        this.image = image;
        this.folder = folder;
    }

    /** Takes the folder as it is for what the image holds. */
    void remember() throws IOException {
        before = marks();
    }

    /** Writes every difference into the image. */
    void write() throws IOException {
        final Map<String, String> now = marks();
        final String script = script(folder, before, now);
        if (!script.isEmpty()) {
            final Commands.Result result =
                    Commands.run(LIMIT, List.of("debugfs", "-w", "-f", "-", image.toString()), script);
            final String complaints = complaints(result.output());
            if (!result.ok() || !complaints.isEmpty()) {
                throw new CommandException(
                        "debugfs -w " + image + " ended with " + result.exitCode() + ": " + complaints);
            }
        }
        before = now;
    }

    /** Path below the folder to something that differs when the file was changed; folders end in a slash. */
    private Map<String, String> marks() throws IOException {
        final Map<String, String> marks = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (final Path path : paths.toList()) {
                final String name = folder.relativize(path).toString();
                if (Files.isDirectory(path)) {
                    marks.put(name + "/", "");
                } else {
                    marks.put(
                            name,
                            Files.size(path) + " "
                                    + Files.getLastModifiedTime(path).toInstant());
                }
            }
        }
        marks.remove("/");
        return marks;
    }

    /** The commands that turn {@code before} into {@code now}: files away, folders away, folders made, files made. */
    static String script(final Path folder, final Map<String, String> before, final Map<String, String> now) {
        final StringBuilder script = new StringBuilder();
        before.forEach((name, mark) -> {
            if (!name.endsWith("/") && !mark.equals(now.get(name))) {
                script.append("rm /").append(name).append('\n');
            }
        });
        before.keySet().stream()
                .filter(name -> name.endsWith("/") && !now.containsKey(name))
                .sorted(Comparator.reverseOrder())
                .forEach(name ->
                        script.append("rmdir /").append(withoutSlash(name)).append('\n'));
        now.keySet().stream()
                .filter(name -> name.endsWith("/") && !before.containsKey(name))
                .forEach(name ->
                        script.append("mkdir /").append(withoutSlash(name)).append('\n'));
        now.forEach((name, mark) -> {
            if (!name.endsWith("/") && !mark.equals(before.get(name))) {
                final int slash = name.lastIndexOf('/');
                script.append("cd /")
                        .append(slash < 0 ? "" : name.substring(0, slash))
                        .append('\n');
                script.append("write ").append(folder.resolve(name)).append(' ');
                script.append(name.substring(slash + 1)).append('\n');
            }
        });
        return script.toString();
    }

    private static String withoutSlash(final String name) {
        return name.substring(0, name.length() - 1);
    }

    /** debugfs repeats every command and tells the inode of each new file; whatever else it says is a complaint. */
    static String complaints(final String output) {
        final StringBuilder complaints = new StringBuilder();
        output.lines()
                .filter(line -> !line.startsWith("debugfs:")
                        && !line.startsWith("debugfs ")
                        && !line.startsWith("Allocated inode:")
                        && !line.isBlank())
                .forEach(line -> complaints.append(line).append("; "));
        return complaints.toString();
    }
}
