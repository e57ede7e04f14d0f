package org.farshore.tests.simulation.bugs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A second copy of the product, and of the simulation that runs it, with one bug planted: the changed file is compiled in
 * memory against the class path, and a class loader takes its classes from there and every other class of ours anew from
 * the class path. So the product carries no switches, and what is run differs from it in the planted text alone.
 *
 * <p>What ours is and is not shared: the generated codecs and everything of others come from the ordinary loader. Between
 * the two worlds only types of the JDK can pass; a {@link Hunt} is one seen from here.
 */
final class BuggyProduct extends ClassLoader {
    private static final String OURS = "org.farshore.";
    private static final String SHARED = "org.farshore.dataplane.codecs.";

    private final Map<String, byte[]> planted;

    private BuggyProduct(final Map<String, byte[]> planted) {
        super(BuggyProduct.class.getClassLoader());
        this.planted = planted;
    }

    /** The product with this bug. */
    static BuggyProduct with(final PlantedBug bug, final Path root) throws IOException {
        final List<Source> sources = new ArrayList<>();
        bug.plantedIn(root).forEach((className, text) -> sources.add(new Source(className, text)));
        return new BuggyProduct(compile(bug, sources));
    }

    /** A hunt that runs in this copy: from a seed to what was found, or null. */
    @SuppressWarnings("unchecked")
    LongFunction<String> hunt(final Class<? extends Hunt> type) {
        try {
            return (LongFunction<String>)
                    loadClass(type.getName()).getDeclaredConstructor().newInstance();
        } catch (final ReflectiveOperationException e) {
            throw new AssertionError("cannot run " + type.getName() + " in a copy of the product", e);
        }
    }

    @Override
    protected Class<?> loadClass(final String name, final boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(OURS) || name.startsWith(SHARED)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            final Class<?> known = findLoadedClass(name);
            return known != null ? known : define(name);
        }
    }

    private Class<?> define(final String name) throws ClassNotFoundException {
        final byte[] bytes = planted.containsKey(name) ? planted.get(name) : original(name);
        return defineClass(name, bytes, 0, bytes.length);
    }

    private byte[] original(final String name) throws ClassNotFoundException {
        try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            return in.readAllBytes();
        } catch (final IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    // the compiler

    private static Map<String, byte[]> compile(final PlantedBug bug, final List<Source> sources) throws IOException {
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) {
            throw new AssertionError("planting a bug needs a JDK, this is a JRE: " + System.getProperty("java.home"));
        }
        final Map<String, ByteArrayOutputStream> outputs = new HashMap<>();
        final StringWriter complaints = new StringWriter();
        try (StandardJavaFileManager standard = compiler.getStandardFileManager(null, null, null);
                JavaFileManager files = new Outputs(standard, outputs)) {
            final boolean isCompiled = compiler.getTask(complaints, files, null, options(), null, sources)
                    .call();
            if (!isCompiled) {
                throw new AssertionError("'" + bug.name() + "' does not compile: " + complaints);
            }
        }
        final Map<String, byte[]> classes = new HashMap<>();
        outputs.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
        return classes;
    }

    private static List<String> options() {
        final String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return List.of("-classpath", classPath, "-proc:none", "-implicit:none", "-nowarn", "-Xlint:none", "-g");
    }

    /** A source file that is nowhere but here. */
    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(final String className, final String text) {
            super(URI.create("planted:///" + className.replace('.', '/') + ".java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(final boolean ignoreEncodingErrors) {
            return text;
        }
    }

    /** Class files that are kept in memory. */
    private static final class Outputs extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, ByteArrayOutputStream> outputs;

        Outputs(final JavaFileManager standard, final Map<String, ByteArrayOutputStream> outputs) {
            super(standard);
            this.outputs = outputs;
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                final Location location,
                final String className,
                final JavaFileObject.Kind kind,
                final FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("planted:///" + className.replace('.', '/') + ".class"), kind) {
                @Override
                public OutputStream openOutputStream() {
                    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    outputs.put(className, bytes);
                    return bytes;
                }
            };
        }

        @Override
        public void close() {
            try {
                super.close();
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
