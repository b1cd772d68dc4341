return await AppHost.WithoutAspire.Program.Main(args);
