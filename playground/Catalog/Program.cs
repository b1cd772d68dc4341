var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();

builder.Services.AddControllers();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapHealthChecks("/readyz");

app.MapControllerRoute("default", "{controller=Home}/{action=Index}/{id?}");

app.Run();
